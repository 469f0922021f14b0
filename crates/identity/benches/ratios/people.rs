//! People with addresses that nobody else has.

use identity::Phone;
use identity::address::NumberType;

/// Who goes through the flow.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) email: String,
    /// In E.164 form.
    pub(crate) phone: String,
}

/// People without end, never the same one twice.
#[derive(Debug, Default)]
pub(crate) struct People {
    next: u64,
}

impl People {
    pub(crate) fn some(&mut self, count: usize) -> Vec<Person> {
        (0..count).map(|_| self.one()).collect()
    }

    /// Numbers lie scattered, so that the budget of 100 adjacent ones is not what is measured.
    pub(crate) fn one(&mut self) -> Person {
        loop {
            let number = self.next;
            self.next += 1;
            // The factor is prime to the modulus: no number comes twice before all have come.
            let phone = format!("+447{:09}", number * 618_033_989 % 1_000_000_000);
            if Phone::from_e164(&phone).is_ok_and(|phone| phone.number_type() == NumberType::Mobile) {
                return Person { email: format!("person.{number}@mail.example.org"), phone };
            }
        }
    }
}
