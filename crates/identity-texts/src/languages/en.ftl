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
code-lead = Enter this code where you asked for it, to confirm that this address is yours:
link-subject = Confirm your e-mail address for { $brand }
link-title = Confirm your e-mail address
link-lead = Open this page and press its button, to confirm that this address is yours:
code-and-link-subject = Confirm your e-mail address for { $brand }
code-and-link-title = Confirm your e-mail address
code-and-link-lead = Enter this code where you asked for it, or open the page below and press its button. Either one is enough.

button = Open the page
copy = If the button does nothing, copy this address into your browser:
expiry = This is valid for { duration }.
keep-secret = Give it to nobody. We never ask for it by phone or by mail.
unasked = You did not ask for this? Then there is nothing to do: without it nobody can confirm your address.

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
made-primary-subject = Your { $brand } account has another primary address
made-primary-title = Another primary address
made-primary-lead = { $channel ->
    [email] The e-mail address { $about } is now the primary one of your { $brand } account.
   *[phone] The phone number { $about } is now the primary one of your { $brand } account.
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
    [email] The e-mail address { $about } has taken the place of an older one in your { $brand } account.
   *[phone] The phone number { $about } has taken the place of an older one in your { $brand } account.
}
when = This happened on { date }.
not-you = Was this not you? Then sign in at once, look through your addresses and change your password.
automatic = { $brand } sent this message automatically; nobody reads replies to it.

sms-code = { $brand }: your code is { $code }. Valid for { duration }. Give it to nobody.
sms-code-short = { $brand }: { $code }
sms-link = { $brand }: confirm your number within { duration }: { $link }
sms-added = { $brand }: { $about } was added to your account. Not you? Sign in and check your addresses.
sms-verified = { $brand }: { $about } was confirmed for your account. Not you? Sign in and check your addresses.
sms-made-primary = { $brand }: { $about } is now primary in your account. Not you? Sign in and check your addresses.
sms-removed = { $brand }: { $about } was removed from your account. Not you? Sign in and check your addresses.
sms-replaced = { $brand }: { $about } replaced an address of your account. Not you? Sign in and check your addresses.

page-ask-title = Is this address yours?
page-ask-lead = Press the button to confirm your address for { $brand }.
page-ask-button = Confirm my address
page-confirmed-title = Thank you
page-confirmed-lead = Your address is confirmed. You may close this page.
page-failed-title = This did not work
page-failed-lead = The link is used up, too old, or not complete. Open the newest one as it is, or ask for another.
page-later-title = Not now
page-later-lead = Something went wrong on our side. Please try again in a few minutes.
