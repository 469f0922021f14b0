use std::sync::Arc;

use identity::user::JsonObject;
use identity::{Address, Channel, Email, NewAddress, NewUser, Phone, Profile, Refusal, User, UserId, Username};
use serde_json::{Map, Value};
use tonic::Code;

use super::{Asked, Proof, Road, Users, shown, timestamp};
use crate::failure::Failure;
use crate::text::Text;
use crate::tokens::Caller;
use crate::wire::{
    AddHumanUserResponse, Details, Gender, GetUserByIdResponse, HumanEmail, HumanPhone, HumanProfile, HumanUser,
    SetHumanProfile, User as WireUser, UserState, user,
};

/// The request to add a user.
#[derive(Debug)]
pub struct NewHuman {
    /// The id, if the caller chose one.
    pub user_id: Option<String>,
    /// The name to sign in with.
    pub username: Option<String>,
    /// The profile.
    pub profile: Profile,
    /// The e-mail address.
    pub email: (Email, Proof),
    /// The phone number.
    pub phone: Option<(Phone, Proof)>,
}

impl Users {
    /// Adds a user.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn add_human(&self, caller: &Caller, new: NewHuman) -> Result<AddHumanUserResponse, Failure> {
        let Caller::Administrator(actor) = caller else { return Err(Failure::no_permission()) };
        const ID: Failure = Failure::new(Code::InvalidArgument, "IDENTITY-userId", Text::UserIdInvalid);
        const NAME: Failure = Failure::new(Code::InvalidArgument, "IDENTITY-username", Text::UsernameInvalid);
        let id = new.user_id.as_deref().map(UserId::parse).transpose().map_err(|_| ID)?;
        let username = new.username.as_deref().map(Username::parse).transpose().map_err(|_| NAME)?;
        let mut addresses = vec![(Address::from(new.email.0), new.email.1)];
        addresses.extend(new.phone.map(|(phone, proof)| (Address::from(phone), proof)));
        let restricted = addresses.iter().find(|(address, _)| self.restricts(address));
        let channel = restricted.map_or(Channel::Email, |(address, _)| address.channel());
        let added = |(address, proof): &(Address, Proof)| NewAddress {
            verified: *proof == Proof::Attested,
            ..NewAddress::from(address.clone())
        };
        let user = NewUser {
            id,
            username,
            addresses: addresses.iter().map(added).collect(),
            profile: new.profile,
            source: None,
        };
        let created = self.identity.admin(Arc::clone(actor)).create(user).await;
        let created = created.map_err(|error| Failure::told(channel, self.clock.now(), error))?;
        let user = created.outcome.clone();
        let road = Road::of(&self.identity, caller, &user);
        let mut answer = AddHumanUserResponse {
            user_id: user.as_str().to_owned(),
            details: Some(self.details(&created)),
            email_code: None,
            phone_code: None,
        };
        for (address, proof) in &addresses {
            let channel = address.channel();
            let Some(entry) = shown(created.user.book(channel)) else { continue };
            let asked = Asked { caller, user: user.as_str(), channel };
            let Proof::Code(delivery) = proof else { continue };
            let done = self.prove(&road, entry.id, delivery).await.map_err(|error| self.failure(&asked, error))?;
            answer.details = Some(done.details);
            match channel {
                Channel::Email => answer.email_code = done.code,
                Channel::Phone => answer.phone_code = done.code,
            }
        }
        Ok(answer)
    }

    fn restricts(&self, address: &Address) -> bool {
        self.identity.policy().restriction().restricts(address).is_some()
    }

    /// A user.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn get(&self, caller: &Caller, user: &str) -> Result<GetUserByIdResponse, Failure> {
        const UNKNOWN: Failure = Failure::new(Code::NotFound, "QUERY-Dfbg2", Text::UserNotFound);
        let asked = Asked { caller, user, channel: Channel::Email };
        let unknown = |failure: Failure| if failure.code == Code::NotFound { UNKNOWN } else { failure };
        let id = self.permitted(&asked, false).map_err(unknown)?;
        let receipt = self.read(&id).await.map_err(|error| match error {
            identity::Error::Refused(Refusal::UserNotFound) => UNKNOWN,
            error => self.failure(&asked, error),
        })?;
        let user = &receipt.user;
        let details = Details {
            change_date: Some(timestamp(user.updated_at())),
            creation_date: Some(timestamp(user.created_at())),
            ..self.details(&receipt)
        };
        Ok(GetUserByIdResponse { details: Some(details.clone()), user: Some(human(user, details)) })
    }
}

fn human(user: &User, details: Details) -> WireUser {
    let email = shown(user.emails());
    let phone = shown(user.phones());
    // An address that nobody has verified is no name to sign in with.
    let by_address = || email.filter(|email| email.is_verified()).map(|email| email.address.as_str().to_owned());
    let named = user.username().map(|entry| entry.username.as_str().to_owned());
    let name = named.or_else(by_address);
    let human = HumanUser {
        profile: Some(profile(user)),
        email: Some(HumanEmail {
            email: email.map(|entry| entry.address.as_str().to_owned()).unwrap_or_default(),
            is_verified: email.is_some_and(|entry| entry.is_verified()),
        }),
        phone: Some(HumanPhone {
            phone: phone.map(|entry| entry.address.as_str().to_owned()).unwrap_or_default(),
            is_verified: phone.is_some_and(|entry| entry.is_verified()),
        }),
        ..HumanUser::default()
    };
    let state = if user.is_disabled() { UserState::Inactive } else { UserState::Active };
    WireUser {
        user_id: user.id().as_str().to_owned(),
        details: Some(details),
        state: state.into(),
        username: name.clone().unwrap_or_default(),
        login_names: name.iter().cloned().collect(),
        preferred_login_name: name.unwrap_or_default(),
        r#type: Some(user::Type::Human(human)),
    }
}

fn profile(user: &User) -> HumanProfile {
    let claim = |name: &str| user.profile().claims.as_map().get(name).and_then(Value::as_str).map(str::to_owned);
    let gender = claim("gender").map(|gender| match gender.as_str() {
        "female" => Gender::Female,
        "male" => Gender::Male,
        "diverse" => Gender::Diverse,
        _ => Gender::Unspecified,
    });
    HumanProfile {
        given_name: claim("given_name").unwrap_or_default(),
        family_name: claim("family_name").unwrap_or_default(),
        nick_name: claim("nickname"),
        display_name: claim("name"),
        preferred_language: claim("locale"),
        gender: gender.map(Into::into),
        avatar_url: String::new(),
    }
}

/// The profile of a request as claims of OpenID Connect.
pub(super) fn claims(profile: SetHumanProfile) -> Result<Profile, Failure> {
    let gender = match profile.gender() {
        Gender::Unspecified => None,
        Gender::Female => Some("female".to_owned()),
        Gender::Male => Some("male".to_owned()),
        Gender::Diverse => Some("diverse".to_owned()),
    };
    let whole = || format!("{} {}", profile.given_name, profile.family_name);
    let name = profile.display_name.clone().filter(|name| !name.is_empty()).unwrap_or_else(whole);
    let known = [
        ("given_name", Some(profile.given_name)),
        ("family_name", Some(profile.family_name)),
        ("nickname", profile.nick_name),
        ("name", Some(name)),
        ("locale", profile.preferred_language),
        ("gender", gender),
    ];
    let known = known.into_iter().filter_map(|(name, value)| {
        let value = value.filter(|value| !value.is_empty())?;
        Some((name.to_owned(), Value::String(value)))
    });
    // Six texts of 200 characters are no large object.
    let claims = JsonObject::new(known.collect::<Map<_, _>>());
    let claims = claims.map_err(|error| Failure::unreadable(error.to_string()))?;
    Ok(Profile { claims: Arc::new(claims), ..Profile::default() })
}
