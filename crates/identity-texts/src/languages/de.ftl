duration = { $unit ->
    [days] { $count ->
        [one] { $count } Tag
       *[other] { $count } Tage
    }
    [hours] { $count ->
        [one] { $count } Stunde
       *[other] { $count } Stunden
    }
   *[minutes] { $count ->
        [one] { $count } Minute
       *[other] { $count } Minuten
    }
}
date = { $day }. { $month ->
    [1] Januar
    [2] Februar
    [3] März
    [4] April
    [5] Mai
    [6] Juni
    [7] Juli
    [8] August
    [9] September
    [10] Oktober
    [11] November
   *[12] Dezember
} { $year }, { $time } UTC

code-subject = Ihr Code für { $brand }
code-title = Ihr Code
code-lead = Geben Sie diesen Code dort ein, wo Sie ihn angefordert haben, um zu bestätigen, dass diese Adresse Ihnen gehört:
link-subject = Bestätigen Sie Ihre E-Mail-Adresse für { $brand }
link-title = Bestätigen Sie Ihre E-Mail-Adresse
link-lead = Öffnen Sie diese Seite und drücken Sie die Schaltfläche darauf, um zu bestätigen, dass diese Adresse Ihnen gehört:
code-and-link-subject = Bestätigen Sie Ihre E-Mail-Adresse für { $brand }
code-and-link-title = Bestätigen Sie Ihre E-Mail-Adresse
code-and-link-lead = Geben Sie diesen Code dort ein, wo Sie ihn angefordert haben, oder öffnen Sie die Seite unten und drücken Sie die Schaltfläche darauf. Eines von beiden genügt.
sign-in-code-subject = Ihr Code zur Anmeldung bei { $brand }
sign-in-code-title = Ihr Code zur Anmeldung
sign-in-code-lead = Geben Sie diesen Code dort ein, wo Sie ihn angefordert haben, um sich anzumelden:
sign-in-link-subject = Melden Sie sich bei { $brand } an
sign-in-link-title = Melden Sie sich an
sign-in-link-lead = Öffnen Sie diese Seite in dem Browser, in dem Sie sie angefordert haben, und drücken Sie die Schaltfläche darauf, um sich anzumelden:
sign-in-code-and-link-subject = Melden Sie sich bei { $brand } an
sign-in-code-and-link-title = Melden Sie sich an
sign-in-code-and-link-lead = Geben Sie diesen Code dort ein, wo Sie ihn angefordert haben, oder öffnen Sie die Seite unten im selben Browser und drücken Sie die Schaltfläche darauf. Eines von beiden genügt.
step-up-code-subject = Bestätigen Sie bei { $brand }, dass Sie es sind
step-up-code-title = Bestätigen Sie, dass Sie es sind
step-up-code-lead = Geben Sie diesen Code dort ein, wo Sie ihn angefordert haben, um zu bestätigen, dass Sie es sind:

button = Seite öffnen
copy = Wenn die Schaltfläche nichts tut, kopieren Sie diese Adresse in Ihren Browser:
expiry = Gültig für { duration }.
keep-secret = Geben Sie ihn niemandem weiter. Wir fragen weder am Telefon noch per Mail danach.
unasked = Sie haben das nicht angefordert? Dann brauchen Sie nichts zu tun: Ohne diese Nachricht kann niemand Ihre Adresse bestätigen.
unasked-sign-in = Sie haben das nicht angefordert? Dann brauchen Sie nichts zu tun: Ohne diese Nachricht kann sich niemand anmelden.
unasked-step-up = Sie haben das nicht angefordert? Dann benutzt vielleicht jemand anderes Ihr Konto. Geben Sie den Code nicht ein und prüfen Sie Ihr Konto.

added-subject = Ihrem Konto bei { $brand } wurde eine Adresse hinzugefügt
added-title = Eine Adresse wurde hinzugefügt
added-lead = { $channel ->
    [email] Ihrem Konto bei { $brand } wurde die E-Mail-Adresse { $about } hinzugefügt. Sie ist noch nicht bestätigt.
   *[phone] Ihrem Konto bei { $brand } wurde die Telefonnummer { $about } hinzugefügt. Sie ist noch nicht bestätigt.
}
verified-subject = Eine Adresse Ihres Kontos bei { $brand } wurde bestätigt
verified-title = Eine Adresse wurde bestätigt
verified-lead = { $channel ->
    [email] Die E-Mail-Adresse { $about } wurde für Ihr Konto bei { $brand } bestätigt.
   *[phone] Die Telefonnummer { $about } wurde für Ihr Konto bei { $brand } bestätigt.
}
made-primary-subject = Ihr Konto bei { $brand } hat eine andere Hauptadresse
made-primary-title = Eine andere Hauptadresse
made-primary-lead = { $channel ->
    [email] Die E-Mail-Adresse { $about } ist jetzt die Hauptadresse Ihres Kontos bei { $brand }.
   *[phone] Die Telefonnummer { $about } ist jetzt die Hauptnummer Ihres Kontos bei { $brand }.
}
removed-subject = Aus Ihrem Konto bei { $brand } wurde eine Adresse entfernt
removed-title = Eine Adresse wurde entfernt
removed-lead = { $channel ->
    [email] Die E-Mail-Adresse { $about } wurde aus Ihrem Konto bei { $brand } entfernt.
   *[phone] Die Telefonnummer { $about } wurde aus Ihrem Konto bei { $brand } entfernt.
}
replaced-subject = Eine Adresse Ihres Kontos bei { $brand } wurde ersetzt
replaced-title = Eine Adresse wurde ersetzt
replaced-lead = { $channel ->
    [email] Die E-Mail-Adresse { $about } hat in Ihrem Konto bei { $brand } eine ältere ersetzt.
   *[phone] Die Telefonnummer { $about } hat in Ihrem Konto bei { $brand } eine ältere ersetzt.
}
scheduled-subject = Eine Adresse soll aus Ihrem Konto bei { $brand } verschwinden
scheduled-title = Eine Adresse soll aus Ihrem Konto verschwinden
scheduled-lead = { $channel ->
    [email] Jemand will die E-Mail-Adresse { $about } aus Ihrem Konto bei { $brand } entfernen oder ersetzen.
   *[phone] Jemand will die Telefonnummer { $about } aus Ihrem Konto bei { $brand } entfernen oder ersetzen.
}
takes-effect = Bis dahin bleibt sie noch so lange: { duration }.
unverified-subject = Eine Adresse Ihres Kontos bei { $brand } ist nicht mehr bestätigt
unverified-title = Eine Adresse ist nicht mehr bestätigt
unverified-lead = { $channel ->
    [email] Die E-Mail-Adresse { $about } ist für Ihr Konto bei { $brand } nicht mehr bestätigt.
   *[phone] Die Telefonnummer { $about } ist für Ihr Konto bei { $brand } nicht mehr bestätigt.
}
undone-subject = Eine Änderung an Ihrem Konto bei { $brand } wurde rückgängig gemacht
undone-title = Eine Änderung wurde rückgängig gemacht
undone-lead = { $channel ->
    [email] Mit dem Link aus einer Benachrichtigung wurde eine Änderung an Ihrem Konto bei { $brand } rückgängig gemacht. Es ging um die E-Mail-Adresse { $about }.
   *[phone] Mit dem Link aus einer Benachrichtigung wurde eine Änderung an Ihrem Konto bei { $brand } rückgängig gemacht. Es ging um die Telefonnummer { $about }.
}
contested-subject = Jemand anderes hat eine Adresse Ihres Kontos bei { $brand } nachgewiesen
contested-title = Jemand anderes hat Ihre Adresse nachgewiesen
contested-lead = { $channel ->
    [email] Jemand anderes hat die E-Mail-Adresse { $about } nachgewiesen, die für Ihr Konto bei { $brand } bestätigt ist. Gehört sie Ihnen nicht mehr, brauchen Sie nichts zu tun: Sie verlässt Ihr Konto. Gehört sie Ihnen, widersprechen Sie.
   *[phone] Jemand anderes hat die Telefonnummer { $about } nachgewiesen, die für Ihr Konto bei { $brand } bestätigt ist. Gehört sie Ihnen nicht mehr, brauchen Sie nichts zu tun: Sie verlässt Ihr Konto. Gehört sie Ihnen, widersprechen Sie.
}
contest-ended-subject = Es ist entschieden, wem eine Adresse Ihres Kontos bei { $brand } gehört
contest-ended-title = Es hat sich nichts geändert
contest-ended-lead = { $channel ->
    [email] Es ist entschieden, wem die E-Mail-Adresse { $about } gehört. In Ihrem Konto bei { $brand } bleibt sie, wie sie war.
   *[phone] Es ist entschieden, wem die Telefonnummer { $about } gehört. In Ihrem Konto bei { $brand } bleibt sie, wie sie war.
}
when = Das geschah am { date }.
not-you = Waren Sie das nicht? Dann melden Sie sich gleich an und prüfen Sie Ihre Adressen.
not-you-with-password = Waren Sie das nicht? Dann melden Sie sich gleich an, prüfen Sie Ihre Adressen und ändern Sie Ihr Passwort.
undo = Wenn Sie das nicht waren, können Sie es auf dieser Seite rückgängig machen, ohne sich anzumelden:
undo-button = Das war ich nicht
support = Brauchen Sie Hilfe? So erreichen Sie uns:
home = Zur Startseite
automatic = { $brand } hat diese Nachricht automatisch verschickt; Antworten liest niemand.

sms-code = { $brand }: Ihr Code ist { $code }. Gültig für { duration }. Geben Sie ihn niemandem.
sms-code-short = { $brand }: { $code }
sms-link = { $brand }: Bestätigen Sie Ihre Nummer, gültig für { duration }: { $link }
sms-sign-in-code = { $brand }: Ihr Code zur Anmeldung ist { $code }. Gültig für { duration }. Geben Sie ihn niemandem.
sms-sign-in-link = { $brand }: Melden Sie sich an, gültig für { duration }: { $link }
sms-step-up-code = { $brand }: Ihr Code zur Bestätigung ist { $code }. Gültig für { duration }. Geben Sie ihn niemandem.
sms-added = { $brand }: { $about } wurde Ihrem Konto hinzugefügt. Nicht von Ihnen? Melden Sie sich an und prüfen Sie es.
sms-verified = { $brand }: { $about } wurde für Ihr Konto bestätigt. Nicht von Ihnen? Melden Sie sich an und prüfen Sie es.
sms-made-primary = { $brand }: { $about } ist jetzt Hauptadresse Ihres Kontos. Nicht von Ihnen? Melden Sie sich an und prüfen Sie es.
sms-removed = { $brand }: { $about } wurde aus Ihrem Konto entfernt. Nicht von Ihnen? Melden Sie sich an und prüfen Sie es.
sms-replaced = { $brand }: { $about } hat eine Adresse Ihres Kontos ersetzt. Nicht von Ihnen? Melden Sie sich an und prüfen Sie es.
sms-scheduled = { $brand }: { $about } soll aus Ihrem Konto verschwinden. Nicht von Ihnen? Prüfen Sie es.
sms-unverified = { $brand }: { $about } ist in Ihrem Konto nicht mehr bestätigt. Nicht von Ihnen? Prüfen Sie es.
sms-undone = { $brand }: Eine Änderung zu { $about } in Ihrem Konto ist rückgängig gemacht. Nicht von Ihnen? Prüfen Sie es.
sms-contested = { $brand }: Jemand anderes hat { $about } aus Ihrem Konto nachgewiesen. Noch Ihre? Melden Sie sich an.
sms-contest-ended = { $brand }: Es ist entschieden, wem { $about } gehört. In Ihrem Konto bleibt alles, wie es war.

account-title = Ihre Adressen
account-email = E-Mail-Adressen
account-phone = Telefonnummern
account-none = Es gibt noch keine.
account-primary = Hauptadresse
account-confirmed = Bestätigt
account-unconfirmed = Nicht bestätigt
account-undeliverable = Nachrichten kommen unter dieser Adresse nicht an.
account-replaces = Sobald sie bestätigt ist, ersetzt sie
account-going = Diese Adresse soll entfernt oder ersetzt werden.
account-keep = Diese Adresse behalten
account-add-title = Eine Adresse hinzufügen
account-address = E-Mail-Adresse oder Telefonnummer
account-address-hint = Eine Telefonnummer beginnt mit + und der Landesvorwahl, zum Beispiel +44 1514 960453.
account-add = Hinzufügen
account-confirm-title = Diese Adresse bestätigen
account-code = Code
account-sent = Wir haben einen Code an diese Adresse geschickt. { expiry }
account-confirm = Bestätigen
account-send = Code senden
account-send-again = Code noch einmal senden
account-make-primary = Zur Hauptadresse machen
account-replace-title = Diese Adresse ersetzen
account-new-address = { $channel ->
    [email] Neue E-Mail-Adresse
   *[phone] Neue Telefonnummer
}
account-replace-hint = Eine bestätigte Adresse bleibt, bis die neue bestätigt ist.
account-replace = Ersetzen
account-remove-title = Diese Adresse entfernen
account-remove-lead = Die Adresse gehört dann nicht mehr zu Ihrem Konto.
account-remove = Entfernen
account-back = Zurück zu Ihren Adressen
account-said-verified = Die Adresse ist bestätigt.
account-said-primary = Diese Adresse ist jetzt die Hauptadresse.
account-said-removed = Die Adresse wurde entfernt.
account-wrong-code = Dieser Code stimmt nicht. Verbleibende Versuche: { $tries }.
account-incomplete = Das Formular war nicht vollständig. Bitte versuchen Sie es noch einmal.
account-too-long = Das ist zu lang. Bitte geben Sie weniger ein.
account-stale = Es wurde nichts geändert, weil diese Seite zu lange offen war oder nicht von hier gesendet wurde. Bitte versuchen Sie es noch einmal.

enter-title = Anmelden
enter-title-open = Registrieren oder anmelden
enter-send = Code senden
enter-code-title = Code eingeben
enter-sent = Wenn diese Adresse hier verwendet werden kann, ist ein Code unterwegs.
enter-wrong-code = Dieser Code stimmt nicht.
enter-other = Eine andere Adresse verwenden
enter-ask-lead = Drücken Sie die Schaltfläche, um sich bei { $brand } anzumelden. Wenn Sie das nicht angefordert haben, schließen Sie die Seite: Es geschieht nichts.

page-ask-title = Gehört { $about } Ihnen?
page-ask-lead = Drücken Sie die Schaltfläche, um diese Adresse für Ihr Konto bei { $brand } zu bestätigen. Wenn Sie das nicht angefordert haben, schließen Sie die Seite: Es ändert sich nichts.
page-ask-button = Meine Adresse bestätigen
page-confirmed-title = Danke
page-confirmed-lead = Ihre Adresse ist bestätigt. Sie können diese Seite schließen.
page-contested-title = Ihre Adresse ist nachgewiesen
page-contested-lead = Auch jemand anderes hat diese Adresse. Für Ihr Konto ist sie bestätigt, sobald entschieden ist, wem sie gehört. Sie können diese Seite schließen.
page-undo-title = Waren Sie das nicht?
page-undo-lead = Drücken Sie die Schaltfläche, um die Änderung rückgängig zu machen. Wenn Sie es waren, schließen Sie die Seite: Es ändert sich nichts.
page-undone-title = Die Änderung ist rückgängig gemacht
page-undone-lead = Wir haben alle Adressen Ihres Kontos benachrichtigt. Melden Sie sich an und prüfen Sie Ihr Konto.
page-failed-title = Das hat nicht geklappt
page-failed-lead = Der Link ist verbraucht, zu alt oder nicht vollständig. Öffnen Sie den neuesten so, wie er ist, oder fordern Sie einen neuen an.
page-not-signed-in-title = { page-failed-title }
page-not-signed-in-lead = Der Link ist verbraucht, zu alt oder wurde in einem anderen Browser geöffnet als dem, in dem Sie ihn angefordert haben. Öffnen Sie den neuesten Link in jenem Browser, oder geben Sie dort den Code ein.
page-later-title = Im Moment nicht
page-later-lead = Bei uns ist etwas schiefgegangen. Bitte versuchen Sie es in einigen Minuten wieder.

# Refusals and entries that cannot be read, as the person is told of them.
error-user-not-found = Dieses Konto gibt es nicht mehr.
error-identifier-not-found = Diese Adresse gehört nicht mehr zu Ihrem Konto.
error-duplicate = Diese Adresse gehört schon zu Ihrem Konto.
error-unchanged = Die neue Adresse ist dieselbe wie die bisherige. Geben Sie eine andere ein.
error-unavailable = Diese Adresse kann hier nicht verwendet werden. Geben Sie eine andere ein.
error-username-taken = Dieser Benutzername ist vergeben. Wählen Sie einen anderen.
error-resting = Diese Adresse gehörte bis vor Kurzem zu einem anderen Konto. Geben Sie eine andere ein, oder warten Sie { duration } und versuchen Sie es dann erneut.
error-already-verified = Diese Adresse ist schon bestätigt.
error-no-challenge = Dieser Code gilt nicht mehr. Fordern Sie einen neuen an.
error-expired = Dieser Code ist abgelaufen. Fordern Sie einen neuen an.
error-too-many-failures = Es wurden zu viele falsche Codes eingegeben. Wenden Sie sich an unseren Support.
error-too-many-failures-wait = Es wurden zu viele falsche Codes eingegeben. Warten Sie { duration } und versuchen Sie es dann erneut.
error-too-soon = Vor Kurzem wurde schon eine Nachricht verschickt. Warten Sie { duration } und versuchen Sie es dann erneut.
error-key-gone = { error-no-challenge }
error-not-verified = Diese Adresse ist noch nicht bestätigt. Bestätigen Sie sie zuerst.
error-last-verified = Das ist Ihre letzte bestätigte Adresse. Bestätigen Sie zuerst eine andere.
error-administrator-only = Das können Sie nicht selbst tun. Wenden Sie sich an unseren Support.
error-disabled = Dieses Konto ist gesperrt. Wenden Sie sich an unseren Support.
error-too-many-identifiers = { $channel ->
    [email] Sie haben zu viele E-Mail-Adressen. Entfernen Sie eine oder wenden Sie sich an unseren Support.
   *[phone] Sie haben zu viele Telefonnummern. Entfernen Sie eine oder wenden Sie sich an unseren Support.
}
error-username-is-address = Ein Benutzername darf nicht wie eine E-Mail-Adresse oder eine Telefonnummer aussehen. Wählen Sie einen anderen.
error-too-large = Eine Ihrer Eingaben ist zu lang. Kürzen Sie sie.
error-nul = Eine Ihrer Eingaben enthält ein Zeichen, das nicht verwendet werden kann. Tippen Sie sie neu ein.
error-life = { error-other }
error-disavowal-forged = Dieser Link stammt nicht von uns. Öffnen Sie ihn genau so, wie er verschickt wurde.
error-disavowal-key-gone = Dieser Link gilt nicht mehr. Wenden Sie sich an unseren Support.
error-disavowal-used = Dieser Link wurde schon verwendet: Die Änderung ist rückgängig gemacht.
error-disavowal-over = Es ist zu spät, diese Änderung selbst rückgängig zu machen. Wenden Sie sich an unseren Support.
error-nothing-to-undo = Es gibt nichts mehr rückgängig zu machen: Seit dieser Änderung hat sich das wieder geändert.
error-taken-since = Das lässt sich nicht rückgängig machen, weil die Adresse inzwischen jemand anderem gehört. Wenden Sie sich an unseren Support.
error-contested = Sie haben diese Adresse nachgewiesen, und auch jemand anderes hat sie. Warten Sie, bis entschieden ist, wem sie gehört.
error-no-contest = Darüber ist schon entschieden.
error-other = Etwas ist schiefgegangen. Bitte versuchen Sie es später erneut.

error-email-empty = Geben Sie eine E-Mail-Adresse ein.
error-email-too-long = Diese E-Mail-Adresse ist zu lang. Prüfen Sie sie.
error-email-missing-at = In der E-Mail-Adresse fehlt das Zeichen @.
error-email-several-ats = Geben Sie nur eine E-Mail-Adresse ein: Das Zeichen @ kommt mehr als einmal vor.
error-email-quoted = Geben Sie die E-Mail-Adresse ohne Anführungszeichen ein.
error-email-display-name = Geben Sie nur die E-Mail-Adresse ein, ohne Namen und ohne spitze Klammern.
error-email-comment = Geben Sie die E-Mail-Adresse ohne Klammern ein.
error-email-address-literal = Geben Sie die E-Mail-Adresse ohne eckige Klammern ein.
error-email-local-part = Prüfen Sie den Teil der E-Mail-Adresse vor dem Zeichen @.
error-email-local-part-too-long = Der Teil der E-Mail-Adresse vor dem Zeichen @ ist zu lang. Prüfen Sie ihn.
error-email-domain = Prüfen Sie den Teil der E-Mail-Adresse nach dem Zeichen @.
error-email-domain-too-long = Der Teil der E-Mail-Adresse nach dem Zeichen @ ist zu lang. Prüfen Sie ihn.
error-email-label-too-long = { error-email-domain-too-long }
error-email-single-label = Der E-Mail-Adresse fehlt die Endung, zum Beispiel .de. Prüfen Sie sie.
error-email-numeric-top-level = Eine E-Mail-Adresse kann nicht mit einer Zahl enden. Prüfen Sie sie.
error-email-international-domain = Der Teil der E-Mail-Adresse nach dem Zeichen @ enthält ein Zeichen, das nicht verwendet werden kann. Prüfen Sie ihn.
error-email-domain-ascii-twin = Tippen Sie den Teil der E-Mail-Adresse nach dem Zeichen @ mit gewöhnlichen Buchstaben und Punkten.
error-email-stored = { error-other }

error-character-white-space = Entfernen Sie die Leerzeichen.
error-character-control = Es sind Zeichen enthalten, die man nicht sieht. Löschen Sie die Eingabe und tippen Sie sie neu ein.
error-character-invisible = { error-character-control }
error-character-unassigned = Es sind Zeichen enthalten, die nicht verwendet werden können. Entfernen Sie sie.
error-character-ascii-twin = Tippen Sie es mit gewöhnlichen Buchstaben und Zeichen.
error-character-leading-mark = Entfernen Sie den Akzent, der ohne Buchstaben steht.

error-phone-empty = Geben Sie eine Telefonnummer ein.
error-phone-too-long = Diese Telefonnummer ist zu lang. Geben Sie eine einzige Nummer ein.
error-phone-too-short = Diese Telefonnummer ist zu kurz. Geben Sie sie vollständig mit Vorwahl ein.
error-phone-missing-plus = Beginnen Sie die Telefonnummer mit + und der Landesvorwahl.
error-phone-misplaced-plus = Schreiben Sie + nur einmal, am Anfang der Telefonnummer.
error-phone-letters = Schreiben Sie die Telefonnummer in Ziffern, ohne Buchstaben.
error-phone-extension = Geben Sie die Telefonnummer ohne Durchwahl ein.
error-phone-parameter = Geben Sie nur die Telefonnummer ein, ohne etwas dahinter.
error-phone-character = Die Telefonnummer enthält ein Zeichen, das nicht hineingehört. Entfernen Sie es.
error-phone-unknown-country-code = Diese Landesvorwahl gibt es nicht. Prüfen Sie sie.
error-phone-invalid-number = Diese Telefonnummer gibt es nicht. Prüfen Sie sie.
error-region-unknown = Wählen Sie ein Land.

error-username-empty = Geben Sie einen Benutzernamen ein.
error-username-too-long = Dieser Benutzername ist zu lang. Wählen Sie einen kürzeren.
error-username-stored = { error-other }
error-code-empty = Geben Sie den Code aus der Nachricht ein.
error-code-too-long = Das ist zu lang für einen Code. Geben Sie nur den Code aus der Nachricht ein.
error-link-malformed = Dieser Link ist nicht vollständig. Öffnen Sie ihn genau so, wie er verschickt wurde.
error-disavowal-malformed = { error-link-malformed }
