use std::io::{BufRead, Write as _};

use identity::directory::{ListOrder, ListQuery};
use identity::{
    Account, Address, Code, Confirmation, Email, HolderError, IdentifierId, Identity, NewUser, Phone, PublicRefusal,
    Timestamp, User, UserId,
};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// One conversation with one person.
pub(crate) struct Conversation {
    identity: Identity,
    user: Option<UserId>,
}

impl Conversation {
    pub(crate) fn new(identity: Identity) -> Self {
        Self { identity, user: None }
    }

    /// Holds the conversation until an empty line or the end of the input, and shows the user as stored.
    pub(crate) async fn hold(mut self, mut input: impl BufRead) -> Outcome<()> {
        self.greet().await?;
        while let Some(line) = ask(&mut input, "E-mail address or phone number (an empty line ends): ")? {
            if line.is_empty() {
                break;
            }
            let address = match parse(&line) {
                Ok(address) => address,
                Err(problem) => {
                    println!("That cannot be used: {problem}.");
                    continue;
                }
            };
            if !self.handle(address, &mut input).await? {
                println!("The input ended before the code. Nothing is lost: run it again and ask for another code.");
                break;
            }
        }
        self.show().await
    }

    async fn greet(&self) -> Outcome<()> {
        let query = ListQuery { order: ListOrder::LatestUpdated, after: None, limit: 1, prefix: None };
        match self.identity.admin("quickstart").list(&query).await?.users.first() {
            None => println!("A new database: nobody is in it yet."),
            Some(_) => println!("This database has users in it. Type an address of yours to be found."),
        }
        Ok(())
    }

    /// Handles one address. `false` when the input ended before the code.
    async fn handle(&mut self, address: Address, input: &mut impl BufRead) -> Outcome<bool> {
        if self.user.is_none()
            && let Some(user) = self.identity.resolve(address.as_str()).await?
        {
            println!("Welcome back: {address} is yours already.");
            self.user = Some(user);
            return Ok(true);
        }
        let account = self.account().await?;
        let id = match account.add(address.clone()).await {
            Ok(receipt) => receipt.outcome,
            Err(HolderError::Refused(PublicRefusal::Duplicate)) => {
                let user = account.get().await?;
                let entry = user.identifiers().find(|entry| entry.address.claim_key() == address.claim_key());
                match entry {
                    Some(entry) if entry.is_verified() => {
                        println!("{address} is verified already.");
                        return Ok(true);
                    }
                    Some(entry) => entry.id,
                    None => return Ok(true),
                }
            }
            Err(error) => {
                println!("That cannot be used: {}.", sentence(error)?);
                return Ok(true);
            }
        };
        self.send(&account, id).await?;
        self.take_answers(&account, id, input).await
    }

    /// The account of the person; a new one when no user was found.
    async fn account(&mut self) -> Outcome<Account> {
        let user = match &self.user {
            Some(user) => user.clone(),
            None => self.identity.admin("quickstart").create(NewUser::default()).await?.outcome,
        };
        self.user = Some(user.clone());
        Ok(self.identity.account(&user))
    }

    async fn send(&self, account: &Account, id: IdentifierId) -> Outcome<()> {
        match account.start_verification(id).await {
            Ok(_) => {
                if self.identity.deliver_due().await?.sent == 0 {
                    println!("No message was sent: too many were sent to this address already. Try again tomorrow.");
                }
            }
            Err(error) => println!("No message was sent: {}.", sentence(error)?),
        }
        Ok(())
    }

    async fn take_answers(&self, account: &Account, id: IdentifierId, input: &mut impl BufRead) -> Outcome<bool> {
        loop {
            let Some(line) = ask(input, "Code ('again' sends it once more, an empty line leaves it): ")? else {
                return Ok(false);
            };
            if line.is_empty() {
                return Ok(true);
            }
            if line == "again" {
                self.send(account, id).await?;
                continue;
            }
            let code = match Code::parse(&line) {
                Ok(code) => code,
                Err(problem) => {
                    println!("That is not a code: {problem}.");
                    continue;
                }
            };
            match account.confirm(id, &code).await.map(|receipt| receipt.outcome) {
                Ok(Confirmation::Verified) => {
                    println!("Right: it is verified.");
                    self.identity.deliver_due().await?;
                    return Ok(true);
                }
                Ok(Confirmation::Contested) => {
                    println!("Right, and somebody else has it as well: it has to be decided whose it is.");
                    return Ok(true);
                }
                Ok(Confirmation::Rejected { attempts_left: 0 }) => {
                    println!("Wrong, and that was the last try for this code.");
                    return Ok(true);
                }
                Ok(Confirmation::Rejected { attempts_left }) => println!("Wrong; {attempts_left} tries left."),
                Err(HolderError::Refused(refusal @ (PublicRefusal::Expired | PublicRefusal::NoChallenge))) => {
                    println!("That did not work: {refusal}.");
                }
                Err(error) => {
                    println!("That did not work: {}.", sentence(error)?);
                    return Ok(true);
                }
            }
        }
    }

    async fn show(&self) -> Outcome<()> {
        let Some(user) = &self.user else {
            println!("Nobody was added.");
            return Ok(());
        };
        let user: &User = &*self.identity.account(user).get().await?;
        println!("The user as stored: {}", user.id());
        for entry in user.identifiers() {
            let verified = if entry.is_verified() { "verified" } else { "unverified" };
            let primary = if user.book(entry.address.channel()).is_primary(entry.id) { ", primary" } else { "" };
            println!("  {}: {} ({verified}{primary})", entry.address.channel().as_str(), entry.address);
        }
        Ok(())
    }
}

fn parse(text: &str) -> Result<Address, String> {
    if text.contains('@') {
        Email::parse(text).map(Address::from).map_err(|error| error.to_string())
    } else {
        Phone::parse(text).map(Address::from).map_err(|error| error.to_string())
    }
}

/// A line without its end and the white space around it; `None` at the end of the input.
fn ask(input: &mut impl BufRead, prompt: &str) -> Outcome<Option<String>> {
    print!("{prompt}");
    std::io::stdout().flush()?;
    let mut line = Vec::new();
    // A line is an address or a code; one that is longer than any of them is still read to its end.
    if input.read_until(b'\n', &mut line)? == 0 {
        println!();
        return Ok(None);
    }
    Ok(Some(String::from_utf8_lossy(&line).trim().to_owned()))
}

/// What the person is told of a refusal, and the time of the next try; every other error ends the conversation.
fn sentence(error: HolderError) -> Outcome<String> {
    let HolderError::Refused(refusal) = error else { return Err(error.into()) };
    Ok(match refusal.retry_at() {
        Some(retry_at) => format!("{refusal} ({})", wait(retry_at)),
        None => refusal.to_string(),
    })
}

fn wait(until: Timestamp) -> String {
    use identity::system::Clock as _;
    match until.since(identity::system::SystemClock.now()).as_secs() + 1 {
        seconds @ 0..120 => format!("in {seconds} s"),
        seconds => format!("in {} min", seconds.div_ceil(60)),
    }
}
