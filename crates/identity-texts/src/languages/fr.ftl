duration = { $unit ->
    [days] { $count ->
        [one] { $count } jour
       *[other] { $count } jours
    }
    [hours] { $count ->
        [one] { $count } heure
       *[other] { $count } heures
    }
   *[minutes] { $count ->
        [one] { $count } minute
       *[other] { $count } minutes
    }
}
date = { $day ->
    [1] 1er
   *[other] { $day }
} { $month ->
    [1] janvier
    [2] février
    [3] mars
    [4] avril
    [5] mai
    [6] juin
    [7] juillet
    [8] août
    [9] septembre
    [10] octobre
    [11] novembre
   *[12] décembre
} { $year } à { $time } UTC

code-subject = Votre code pour { $brand }
code-title = Votre code
code-lead = Saisissez ce code là où vous l’avez demandé, pour confirmer que cette adresse est la vôtre :
link-subject = Confirmez votre adresse e-mail pour { $brand }
link-title = Confirmez votre adresse e-mail
link-lead = Ouvrez cette page et appuyez sur son bouton, pour confirmer que cette adresse est la vôtre :
code-and-link-subject = Confirmez votre adresse e-mail pour { $brand }
code-and-link-title = Confirmez votre adresse e-mail
code-and-link-lead = Saisissez ce code là où vous l’avez demandé, ou ouvrez la page ci-dessous et appuyez sur son bouton. L’un des deux suffit.
sign-in-code-subject = Votre code de connexion à { $brand }
sign-in-code-title = Votre code de connexion
sign-in-code-lead = Saisissez ce code là où vous l’avez demandé, pour vous connecter :
sign-in-link-subject = Connectez-vous à { $brand }
sign-in-link-title = Connectez-vous
sign-in-link-lead = Ouvrez cette page dans le navigateur où vous l’avez demandée et appuyez sur son bouton, pour vous connecter :
sign-in-code-and-link-subject = Connectez-vous à { $brand }
sign-in-code-and-link-title = Connectez-vous
sign-in-code-and-link-lead = Saisissez ce code là où vous l’avez demandé, ou ouvrez la page ci-dessous dans le même navigateur et appuyez sur son bouton. L’un des deux suffit.
step-up-code-subject = Confirmez à { $brand } que c’est bien vous
step-up-code-title = Confirmez que c’est bien vous
step-up-code-lead = Saisissez ce code là où vous l’avez demandé, pour confirmer que c’est bien vous :

button = Ouvrir la page
copy = Si le bouton ne fait rien, copiez cette adresse dans votre navigateur :
expiry = Valable pendant { duration }.
keep-secret = Ne le donnez à personne. Nous ne le demandons jamais par téléphone ni par e-mail.
unasked = Vous n’avez rien demandé ? Alors il n’y a rien à faire : sans ce message, personne ne peut confirmer votre adresse.
unasked-sign-in = Vous n’avez rien demandé ? Alors il n’y a rien à faire : sans ce message, personne ne peut se connecter.
unasked-step-up = Vous n’avez rien demandé ? Alors quelqu’un d’autre utilise peut-être votre compte. Ne saisissez pas le code et vérifiez votre compte.

added-subject = Une adresse a été ajoutée à votre compte { $brand }
added-title = Une adresse a été ajoutée
added-lead = { $channel ->
    [email] L’adresse e-mail { $about } a été ajoutée à votre compte { $brand }. Elle n’est pas encore confirmée.
   *[phone] Le numéro de téléphone { $about } a été ajouté à votre compte { $brand }. Il n’est pas encore confirmé.
}
verified-subject = Une adresse de votre compte { $brand } a été confirmée
verified-title = Une adresse a été confirmée
verified-lead = { $channel ->
    [email] L’adresse e-mail { $about } a été confirmée pour votre compte { $brand }.
   *[phone] Le numéro de téléphone { $about } a été confirmé pour votre compte { $brand }.
}
made-primary-subject = Votre compte { $brand } a une autre adresse principale
made-primary-title = Une autre adresse principale
made-primary-lead = { $channel ->
    [email] L’adresse e-mail { $about } est désormais l’adresse principale de votre compte { $brand }.
   *[phone] Le numéro de téléphone { $about } est désormais le numéro principal de votre compte { $brand }.
}
removed-subject = Une adresse a été retirée de votre compte { $brand }
removed-title = Une adresse a été retirée
removed-lead = { $channel ->
    [email] L’adresse e-mail { $about } a été retirée de votre compte { $brand }.
   *[phone] Le numéro de téléphone { $about } a été retiré de votre compte { $brand }.
}
replaced-subject = Une adresse de votre compte { $brand } a été remplacée
replaced-title = Une adresse a été remplacée
replaced-lead = { $channel ->
    [email] L’adresse e-mail { $about } a pris la place d’une ancienne dans votre compte { $brand }.
   *[phone] Le numéro de téléphone { $about } a pris la place d’un ancien dans votre compte { $brand }.
}
unverified-subject = Une adresse de votre compte { $brand } n’est plus confirmée
unverified-title = Une adresse n’est plus confirmée
unverified-lead = { $channel ->
    [email] L’adresse e-mail { $about } n’est plus confirmée pour votre compte { $brand }.
   *[phone] Le numéro de téléphone { $about } n’est plus confirmé pour votre compte { $brand }.
}
when = Cela s’est passé le { date }.
not-you = Ce n’était pas vous ? Alors connectez-vous tout de suite et vérifiez vos adresses.
not-you-with-password = Ce n’était pas vous ? Alors connectez-vous tout de suite, vérifiez vos adresses et changez votre mot de passe.
support = Besoin d’aide ? Contactez-nous :
automatic = { $brand } a envoyé ce message automatiquement ; personne ne lit les réponses.

# Text messages keep to letters that GSM-7 has: é, è, à and ù, but no ê, ç or typographic apostrophe.
sms-code = { $brand } : votre code est { $code }. Valable { duration }. Ne le donnez à personne.
sms-code-short = { $brand } : { $code }
sms-link = { $brand } : confirmez votre numéro sous { duration } : { $link }
sms-sign-in-code = { $brand } : votre code de connexion est { $code }. Valable { duration }. Ne le donnez à personne.
sms-sign-in-link = { $brand } : connectez-vous sous { duration } : { $link }
sms-step-up-code = { $brand } : votre code pour confirmer est { $code }. Valable { duration }. Ne le donnez à personne.
sms-added = { $brand } : ajout de { $about } à votre compte. Pas vous ? Connectez-vous et vérifiez vos adresses.
sms-verified = { $brand } : { $about } est confirmé pour votre compte. Pas vous ? Connectez-vous et vérifiez vos adresses.
sms-made-primary = { $brand } : { $about } est désormais principal dans votre compte. Pas vous ? Connectez-vous et vérifiez.
sms-removed = { $brand } : retrait de { $about } de votre compte. Pas vous ? Connectez-vous et vérifiez vos adresses.
sms-replaced = { $brand } : { $about } remplace une adresse de votre compte. Pas vous ? Connectez-vous et vérifiez vos adresses.
sms-unverified = { $brand } : { $about } n'est plus valable dans votre compte. Pas vous ? Vérifiez vos adresses.

account-title = Vos adresses
account-email = Adresses e-mail
account-phone = Numéros de téléphone
account-none = Il n’y en a pas encore.
account-primary = Principale
account-confirmed = Confirmée
account-unconfirmed = Non confirmée
account-undeliverable = Les messages n’arrivent pas à cette adresse.
account-replaces = Une fois confirmée, elle remplace
account-add-title = Ajouter une adresse
account-address = Adresse e-mail ou numéro de téléphone
account-address-hint = Un numéro de téléphone commence par + et l’indicatif du pays, par exemple +44 1514 960453.
account-add = Ajouter
account-confirm-title = Confirmer cette adresse
account-code = Code
account-sent = Nous avons envoyé un code à cette adresse. { expiry }
account-confirm = Confirmer
account-send = Envoyer un code
account-send-again = Renvoyer le code
account-make-primary = En faire l’adresse principale
account-replace-title = Remplacer cette adresse
account-new-address = { $channel ->
    [email] Nouvelle adresse e-mail
   *[phone] Nouveau numéro de téléphone
}
account-replace-hint = Une adresse confirmée reste jusqu’à ce que la nouvelle soit confirmée.
account-replace = Remplacer
account-remove-title = Retirer cette adresse
account-remove-lead = L’adresse n’appartiendra plus à votre compte.
account-remove = Retirer
account-back = Retour à vos adresses
account-said-verified = L’adresse est confirmée.
account-said-primary = Cette adresse est désormais l’adresse principale.
account-said-removed = L’adresse a été retirée.
account-wrong-code = Ce code n’est pas le bon. Essais restants : { $tries }.
account-incomplete = Le formulaire n’était pas complet. Veuillez réessayer.
account-too-long = C’est trop long. Veuillez en saisir moins.
account-stale = Rien n’a été changé, car cette page est restée ouverte trop longtemps ou n’a pas été envoyée d’ici. Veuillez réessayer.
account-refused = Ce n’est pas possible.

page-ask-title = Est-ce que { $about } est à vous ?
page-ask-lead = Appuyez sur le bouton pour confirmer cette adresse pour votre compte { $brand }. Si vous n’avez rien demandé, fermez la page : rien ne changera.
page-ask-button = Confirmer mon adresse
page-confirmed-title = Merci
page-confirmed-lead = Votre adresse est confirmée. Vous pouvez fermer cette page.
page-failed-title = Cela n’a pas marché
page-failed-lead = Le lien a déjà servi, est trop ancien ou incomplet. Ouvrez le plus récent tel quel, ou demandez-en un autre.
page-later-title = Pas maintenant
page-later-lead = Quelque chose n’a pas marché de notre côté. Veuillez réessayer dans quelques minutes.
