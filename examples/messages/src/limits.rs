//! What a day of messages may cost: the settings, and the budgets that they make.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use identity::policy::{Budget, DangerousPolicy, Prices, SendPolicy};

const DAY: Duration = Duration::from_secs(86_400);

/// The most that is sent and spent in a day. Every limit has a finite default and none can be switched off: a host that may
/// send more sets a larger figure. A day begins with the first message that a budget pays for.
#[derive(Debug, Clone, Args)]
pub struct SpendLimits {
    /// The most codes and links that a tenant sends in a day, by mail and by text message.
    #[arg(long, env = "IDENTITY_SENDS_PER_DAY", value_name = "COUNT", default_value_t = 10_000)]
    sends_per_day: u64,
    /// The most codes and links by text message to the numbers of one country calling code in a day.
    #[arg(long, env = "IDENTITY_SENDS_PER_COUNTRY", value_name = "COUNT", default_value_t = 500)]
    sends_per_country: u64,
    /// The most money that a tenant spends on messages in a day, in the currency of the prices.
    #[arg(long, env = "IDENTITY_SPEND_PER_DAY", value_name = "MONEY", default_value = "50.00")]
    spend_per_day: Money,
    /// The most money that a tenant spends on the numbers of one country calling code in a day.
    #[arg(long, env = "IDENTITY_SPEND_PER_COUNTRY", value_name = "MONEY", default_value = "20.00")]
    spend_per_country: Money,
    /// The price of a text message. It should be the highest that the provider charges: a price that is too low lets more be
    /// spent than the limits say.
    #[arg(long, env = "IDENTITY_SMS_PRICE", value_name = "MONEY", default_value = "0.10")]
    sms_price: Money,
    /// Other prices by country calling code, such as 1=0.0079,49=0.11, separated by commas.
    #[arg(long, env = "IDENTITY_SMS_PRICES", value_name = "CODE=MONEY", value_delimiter = ',')]
    sms_prices: Vec<CountryPrice>,
}

impl SpendLimits {
    /// The budgets that these limits make, with the library's defaults for one address and for adjacent numbers.
    ///
    /// # Errors
    /// [`DangerousPolicy::Zero`] when a limit is 0, [`DangerousPolicy::Money`] when a limit of money does not pay for one
    /// message.
    pub fn policy(&self) -> Result<SendPolicy, DangerousPolicy> {
        let prices = self.sms_prices.iter();
        let prices =
            prices.fold(Prices::new(self.sms_price.0), |prices, one| prices.with_country(one.code, one.price.0));
        SendPolicy::builder()
            .tenant(Some(Budget::new(self.sends_per_day, DAY)))
            .country(Some(Budget::new(self.sends_per_country, DAY)))
            .prices(prices)
            .tenant_money(Some(Budget::new(self.spend_per_day.0, DAY)))
            .country_money(Some(Budget::new(self.spend_per_country.0, DAY)))
            .build()
    }
}

/// One line for the log.
impl fmt::Display for SpendLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sends_per_day, sends_per_country, spend_per_day, spend_per_country, sms_price, sms_prices } = self;
        write!(
            f,
            "at most {sends_per_day} codes and links and {spend_per_day} of money in 24 h, of these at most \
             {sends_per_country} text messages and {spend_per_country} to one country calling code; a text message costs \
             {sms_price}"
        )?;
        sms_prices.iter().try_for_each(|CountryPrice { code, price }| write!(f, ", to +{code} {price}"))
    }
}

/// An amount of money in millionths of the currency that the host counts in. It is written as `50`, `0.10` or `0.0079`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Money(u64);

/// The error for a text that is not an amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write an amount such as 50.00 or 0.0079, with at most 6 digits after the point")]
struct MoneyError;

impl FromStr for Money {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || fraction.len() > 6 {
            return Err(MoneyError);
        }
        let parse = |text: &str| text.parse::<u64>().map_err(|_| MoneyError);
        let millionths = parse(whole)?.checked_mul(1_000_000).ok_or(MoneyError)?;
        let fraction = parse(&format!("{fraction:0<6}"))?;
        millionths.checked_add(fraction).map(Self).ok_or(MoneyError)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fraction = format!("{:06}", self.0 % 1_000_000);
        let short = fraction.trim_end_matches('0');
        write!(f, "{}.{short:0<2}", self.0 / 1_000_000)
    }
}

/// The price of a text message to a country calling code, written as `49=0.11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct CountryPrice {
    code: u16,
    price: Money,
}

/// The error for a text that is not a price for a country calling code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write a country calling code and an amount, such as 49=0.11")]
struct CountryPriceError;

impl FromStr for CountryPrice {
    type Err = CountryPriceError;

    fn from_str(text: &str) -> Result<Self, CountryPriceError> {
        let (code, price) = text.trim().split_once('=').ok_or(CountryPriceError)?;
        let code = code.trim_start_matches('+').parse().ok().filter(|code| (1..=999).contains(code));
        let price = price.parse().map_err(|_| CountryPriceError)?;
        Ok(Self { code: code.ok_or(CountryPriceError)?, price })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_of_money_is_read_exactly_and_printed_as_people_write_it() {
        for (text, millionths, printed) in [
            ("50", 50_000_000, "50.00"),
            ("50.00", 50_000_000, "50.00"),
            ("0.1", 100_000, "0.10"),
            ("0.0079", 7_900, "0.0079"),
            ("0.000001", 1, "0.000001"),
            ("0", 0, "0.00"),
        ] {
            let money: Money = text.parse().unwrap();
            assert_eq!((money, money.to_string().as_str()), (Money(millionths), printed), "{text}");
        }
        for text in ["", ".", "1.", ".5", "-1", "+1", "1,5", "1e3", "0.0000001", "99999999999999", " 1", "٥"] {
            assert_eq!(text.parse::<Money>(), Err(MoneyError), "{text:?}");
        }
    }

    #[test]
    fn a_price_names_a_country_calling_code() {
        assert_eq!("49=0.11".parse(), Ok(CountryPrice { code: 49, price: Money(110_000) }));
        assert_eq!("+1=0.0079".parse(), Ok(CountryPrice { code: 1, price: Money(7_900) }));
        for text in ["", "49", "49=", "=0.11", "DE=0.11", "0=1", "1000=1", "49=-1"] {
            assert_eq!(text.parse::<CountryPrice>(), Err(CountryPriceError), "{text:?}");
        }
    }
}
