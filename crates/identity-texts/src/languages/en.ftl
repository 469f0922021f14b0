duration = { $unit ->
    [days] { $count ->
        [one] { $count } day
       *[other] { $count } days
    }
    [hours] { $count ->
        [one] { $count } hour
       *[other] { $count } hours
    }
   *[minutes] { $count ->
        [one] { $count } minute
       *[other] { $count } minutes
    }
}
date = { $day } { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
} { $year }, { $time } UTC

code-subject = Your code for { $brand }
code-title = Your code
code-lead = Enter this code where you asked for it to confirm that this address is yours:
link-subject = Confirm your e-mail address for { $brand }
link-title = Confirm your e-mail address
link-lead = Open this page and press its button to confirm that this address is yours:
code-and-link-subject = Confirm your e-mail address for { $brand }
code-and-link-title = Confirm your e-mail address
code-and-link-lead = Enter this code where you asked for it, or open the page below and press its button. You need only one of the two.
sign-in-code-subject = Your code to sign in to { $brand }
sign-in-code-title = Your code to sign in
sign-in-code-lead = Enter this code where you asked for it to sign in:
sign-in-link-subject = Sign in to { $brand }
sign-in-link-title = Sign in
sign-in-link-lead = Open this page in the browser in which you asked for it and press its button to sign in:
sign-in-code-and-link-subject = Sign in to { $brand }
sign-in-code-and-link-title = Sign in
sign-in-code-and-link-lead = Enter this code where you asked for it, or open the page below in the same browser and press its button. You need only one of the two.
step-up-code-subject = Confirm that it is you at { $brand }
step-up-code-title = Confirm that it is you
step-up-code-lead = Enter this code where you asked for it to confirm that it is you:

button = Open the page
copy = If the button does not work, copy this address into your browser:
expiry = This is valid for { duration }.
keep-secret = Do not share it with anyone. We never ask for it by phone or by mail.
unasked = If you did not ask for this, you need not do anything: nobody can confirm your address without this message.
unasked-sign-in = If you did not ask for this, you need not do anything: nobody can sign in without this message.
unasked-step-up = If you did not ask for this, somebody else may be using your account. Do not enter the code, and check your account.

added-subject = An address was added to your { $brand } account
added-title = An address was added
added-lead = { $channel ->
    [email] The e-mail address { $about } was added to your { $brand } account. It is not confirmed yet.
   *[phone] The phone number { $about } was added to your { $brand } account. It is not confirmed yet.
}
verified-subject = An address of your { $brand } account was confirmed
verified-title = An address was confirmed
verified-lead = { $channel ->
    [email] The e-mail address { $about } was confirmed for your { $brand } account.
   *[phone] The phone number { $about } was confirmed for your { $brand } account.
}
made-primary-subject = The primary address of your { $brand } account changed
made-primary-title = The primary address changed
made-primary-lead = { $channel ->
    [email] The e-mail address { $about } is now the primary address of your { $brand } account.
   *[phone] The phone number { $about } is now the primary number of your { $brand } account.
}
removed-subject = An address was removed from your { $brand } account
removed-title = An address was removed
removed-lead = { $channel ->
    [email] The e-mail address { $about } was removed from your { $brand } account.
   *[phone] The phone number { $about } was removed from your { $brand } account.
}
replaced-subject = An address of your { $brand } account was replaced
replaced-title = An address was replaced
replaced-lead = { $channel ->
    [email] The e-mail address { $about } replaced an earlier one in your { $brand } account.
   *[phone] The phone number { $about } replaced an earlier one in your { $brand } account.
}
scheduled-subject = An address is about to leave your { $brand } account
scheduled-title = An address is about to leave your account
scheduled-lead = { $channel ->
    [email] Somebody asked to remove the e-mail address { $about } from your { $brand } account, or to replace it.
   *[phone] Somebody asked to remove the phone number { $about } from your { $brand } account, or to replace it.
}
takes-effect = This takes effect in { duration }.
unverified-subject = An address of your { $brand } account is no longer confirmed
unverified-title = An address is no longer confirmed
unverified-lead = { $channel ->
    [email] The e-mail address { $about } is no longer confirmed for your { $brand } account.
   *[phone] The phone number { $about } is no longer confirmed for your { $brand } account.
}
undone-subject = A change to your { $brand } account was undone
undone-title = A change was undone
undone-lead = { $channel ->
    [email] Somebody undid a change to your { $brand } account with the link in a notice. It was about the e-mail address { $about }.
   *[phone] Somebody undid a change to your { $brand } account with the link in a notice. It was about the phone number { $about }.
}
contested-subject = Somebody else proved an address of your { $brand } account
contested-title = Somebody else proved your address
contested-lead = { $channel ->
    [email] Somebody else proved the e-mail address { $about }, which is confirmed for your { $brand } account. If it is no longer yours, you need not do anything: it will leave your account. If it is yours, object.
   *[phone] Somebody else proved the phone number { $about }, which is confirmed for your { $brand } account. If it is no longer yours, you need not do anything: it will leave your account. If it is yours, object.
}
contest-ended-subject = It was decided whose an address of your { $brand } account is
contest-ended-title = Nothing changed
contest-ended-lead = { $channel ->
    [email] It was decided whose the e-mail address { $about } is. It stays in your { $brand } account as it was.
   *[phone] It was decided whose the phone number { $about } is. It stays in your { $brand } account as it was.
}
when = This happened on { date }.
not-you = If this was not you, sign in now and check your addresses.
not-you-with-password = If this was not you, sign in now, check your addresses and change your password.
undo = If this was not you, you can undo it on this page, without signing in:
undo-button = This was not me
support = Do you need help? Contact us:
home = Go to the start page
automatic = { $brand } sent this message automatically; nobody reads replies to it.

sms-code = { $brand }: your code is { $code }. Valid for { duration }. Do not share it.
sms-code-short = { $brand }: { $code }
sms-link = { $brand }: confirm your number within { duration }: { $link }
sms-sign-in-code = { $brand }: your code to sign in is { $code }. Valid for { duration }. Do not share it.
sms-sign-in-link = { $brand }: sign in within { duration }: { $link }
sms-step-up-code = { $brand }: your code to confirm is { $code }. Valid for { duration }. Do not share it.
sms-added = { $brand }: { $about } was added to your account. Not you? Sign in and check your addresses.
sms-verified = { $brand }: { $about } was confirmed for your account. Not you? Sign in and check your addresses.
sms-made-primary = { $brand }: { $about } is now primary in your account. Not you? Sign in and check your addresses.
sms-removed = { $brand }: { $about } was removed from your account. Not you? Sign in and check your addresses.
sms-replaced = { $brand }: { $about } replaced an address of your account. Not you? Sign in and check your addresses.
sms-scheduled = { $brand }: { $about } is about to leave your account. Not you? Sign in and check your addresses.
sms-unverified = { $brand }: { $about } is no longer confirmed in your account. Not you? Sign in and check.
sms-undone = { $brand }: a change about { $about } was undone in your account. Not you? Sign in and check it.
sms-contested = { $brand }: somebody else proved { $about }, which is in your account. Still yours? Then sign in and object.
sms-contest-ended = { $brand }: it was decided whose { $about } is. It stays in your account as it was.

account-title = Your addresses
account-email = E-mail addresses
account-phone = Phone numbers
account-none = There is none yet.
account-primary = Primary
account-confirmed = Confirmed
account-unconfirmed = Not confirmed
account-undeliverable = Messages do not reach this address.
account-replaces = Once it is confirmed, it replaces
account-going = This address is about to be removed or replaced.
account-keep = Keep this address
account-add-title = Add an address
account-address = E-mail address or phone number
account-address-hint = A phone number begins with + and the country code, for example +44 1514 960453.
account-add = Add
account-confirm-title = Confirm this address
account-code = Code
account-sent = We sent a code to this address. { expiry }
account-confirm = Confirm
account-send = Send a code
account-send-again = Send the code again
account-make-primary = Make this address the primary one
account-replace-title = Replace this address
account-new-address = { $channel ->
    [email] New e-mail address
   *[phone] New phone number
}
account-replace-hint = A confirmed address stays until the new one is confirmed.
account-replace = Replace
account-remove-title = Remove this address
account-remove-lead = The address will no longer belong to your account.
account-remove = Remove
account-back = Back to your addresses
account-said-verified = The address is confirmed.
account-said-primary = This address is the primary one now.
account-said-removed = The address was removed.
account-wrong-code = This code is not right. Tries left: { $tries }.
account-incomplete = The form was not complete. Please try again.
account-too-long = This is too long. Please type less.
account-stale = Nothing was changed, because this page was open too long or was not sent from here. Please try again.

enter-title = Sign in
enter-title-open = Sign up or sign in
enter-send = Send a code
enter-code-title = Enter the code
enter-sent = If this address can be used here, a code is on its way.
enter-wrong-code = This code is not right.
enter-other = Use another address
enter-ask-lead = Press the button to sign in to { $brand }. If you did not ask for this, close this page: nothing will happen.

page-ask-title = Is { $about } yours?
page-ask-lead = Press the button to confirm this address for your { $brand } account. If you did not ask for this, close this page: nothing will change.
page-ask-button = Confirm my address
page-confirmed-title = Thank you
page-confirmed-lead = Your address is confirmed. You may close this page.
page-contested-title = Your address is proved
page-contested-lead = Somebody else has this address as well. It is confirmed for your account once it is decided whose it is. You may close this page.
page-undo-title = Was this not you?
page-undo-lead = Press the button to undo the change. If it was you, close this page: nothing will change.
page-undone-title = The change was undone
page-undone-lead = We have told all addresses of your account. Sign in and check your account.
page-failed-title = This did not work
page-failed-lead = The link was already used, is too old, or is incomplete. Open the newest link exactly as it was sent, or ask for another one.
page-not-signed-in-title = { page-failed-title }
page-not-signed-in-lead = The link was already used, is too old, or was opened in another browser than the one in which you asked for it. Open the newest link in that browser, or enter the code there.
page-later-title = Please try again later
page-later-lead = Something went wrong on our side. Try again in a few minutes.

# Refusals and entries that cannot be read, as the person is told of them.
error-user-not-found = This account does not exist any more.
error-identifier-not-found = This address is no longer in your account.
error-duplicate = This address is already in your account.
error-unchanged = The new address is the same as the present one. Enter another one.
error-unavailable = This address cannot be used here. Enter another one.
error-username-taken = This username is taken. Choose another one.
error-resting = This address belonged to another account until a short time ago. Enter another one, or wait { duration }, then try again.
error-already-verified = This address is already confirmed.
error-no-challenge = This code cannot be used any more. Ask for a new one.
error-expired = This code is too old. Ask for a new one.
error-too-many-failures = Too many wrong codes were entered. Ask our support for help.
error-too-many-failures-wait = Too many wrong codes were entered. Wait { duration }, then try again.
error-too-soon = A message was sent a short time ago. Wait { duration }, then try again.
error-key-gone = { error-no-challenge }
error-not-verified = This address is not confirmed yet. Confirm it first.
error-last-verified = This is your last confirmed address. Confirm another one first.
error-administrator-only = You cannot do this yourself. Ask our support for help.
error-disabled = This account is blocked. Ask our support for help.
error-too-many-identifiers = { $channel ->
    [email] You have too many e-mail addresses. Remove one, or ask our support for help.
   *[phone] You have too many phone numbers. Remove one, or ask our support for help.
}
error-username-is-address = A username cannot look like an e-mail address or a phone number. Choose another one.
error-too-large = One of your entries is too long. Shorten it.
error-nul = One of your entries has a character that cannot be used. Type it again.
error-life = { error-other }
error-disavowal-forged = This link is not one of ours. Open it exactly as it was sent.
error-disavowal-key-gone = This link cannot be used any more. Ask our support for help.
error-disavowal-used = This link was already used: the change was undone.
error-disavowal-over = It is too late to undo this change yourself. Ask our support for help.
error-nothing-to-undo = There is nothing left to undo: this change was changed again since.
error-taken-since = This cannot be undone, because the address belongs to somebody else by now. Ask our support for help.
error-contested = You proved this address, and somebody else has it as well. Wait until it is decided whose it is.
error-no-contest = This was already decided.
error-other = Something went wrong. Please try again later.

error-email-empty = Enter an e-mail address.
error-email-too-long = This e-mail address is too long. Check it.
error-email-missing-at = The @ sign is missing from the e-mail address.
error-email-several-ats = Enter only one e-mail address: there is more than one @ sign.
error-email-quoted = Enter the e-mail address without quotation marks.
error-email-display-name = Enter the e-mail address alone, without a name or angle brackets.
error-email-comment = Enter the e-mail address without parentheses.
error-email-address-literal = Enter the e-mail address without square brackets.
error-email-local-part = Check the part of the e-mail address before the @ sign.
error-email-local-part-too-long = The part of the e-mail address before the @ sign is too long. Check it.
error-email-domain = Check the part of the e-mail address after the @ sign.
error-email-domain-too-long = The part of the e-mail address after the @ sign is too long. Check it.
error-email-label-too-long = { error-email-domain-too-long }
error-email-single-label = The ending of the e-mail address is missing, such as .com. Check it.
error-email-numeric-top-level = An e-mail address cannot end with a number. Check it.
error-email-international-domain = The part of the e-mail address after the @ sign has a character that cannot be used. Check it.
error-email-domain-ascii-twin = Type the part of the e-mail address after the @ sign with ordinary letters and dots.
error-email-stored = { error-other }

error-character-white-space = Remove the spaces.
error-character-control = There are characters that do not show. Delete the entry and type it again.
error-character-invisible = { error-character-control }
error-character-unassigned = There are characters that cannot be used. Remove them.
error-character-ascii-twin = Type it with ordinary letters and signs.
error-character-leading-mark = Remove the accent that stands without a letter.

error-phone-empty = Enter a phone number.
error-phone-too-long = This phone number is too long. Enter a single number.
error-phone-too-short = This phone number is too short. Enter it in full, with the area code.
error-phone-missing-plus = Begin the phone number with + and the country code.
error-phone-misplaced-plus = Write + only once, at the beginning of the phone number.
error-phone-letters = Write the phone number in digits, without letters.
error-phone-extension = Enter the phone number without an extension.
error-phone-parameter = Enter the phone number alone, with nothing after it.
error-phone-character = The phone number has a character that does not belong in it. Remove it.
error-phone-unknown-country-code = No country has this country code. Check it.
error-phone-invalid-number = There is no such phone number. Check it.
error-region-unknown = Choose a country.

error-username-empty = Enter a username.
error-username-too-long = This username is too long. Choose a shorter one.
error-username-stored = { error-other }
error-code-empty = Enter the code from the message.
error-code-too-long = This is too long for a code. Enter only the code from the message.
error-link-malformed = This link is not complete. Open it exactly as it was sent.
error-disavowal-malformed = { error-link-malformed }
