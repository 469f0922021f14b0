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
scheduled-subject = Une adresse va quitter votre compte { $brand }
scheduled-title = Une adresse va quitter votre compte
scheduled-lead = { $channel ->
    [email] Quelqu’un a demandé à retirer l’adresse e-mail { $about } de votre compte { $brand }, ou à la remplacer.
   *[phone] Quelqu’un a demandé à retirer le numéro de téléphone { $about } de votre compte { $brand }, ou à le remplacer.
}
takes-effect = Le changement prendra effet dans { duration }.
unverified-subject = Une adresse de votre compte { $brand } n’est plus confirmée
unverified-title = Une adresse n’est plus confirmée
unverified-lead = { $channel ->
    [email] L’adresse e-mail { $about } n’est plus confirmée pour votre compte { $brand }.
   *[phone] Le numéro de téléphone { $about } n’est plus confirmé pour votre compte { $brand }.
}
undone-subject = Une modification de votre compte { $brand } a été annulée
undone-title = Une modification a été annulée
undone-lead = { $channel ->
    [email] Une modification de votre compte { $brand } a été annulée avec le lien d’une notification. Elle concernait l’adresse e-mail { $about }.
   *[phone] Une modification de votre compte { $brand } a été annulée avec le lien d’une notification. Elle concernait le numéro de téléphone { $about }.
}
contested-subject = Une autre personne a prouvé une adresse de votre compte { $brand }
contested-title = Une autre personne a prouvé votre adresse
contested-lead = { $channel ->
    [email] Une autre personne a prouvé l’adresse e-mail { $about }, confirmée pour votre compte { $brand }. Si elle n’est plus à vous, vous n’avez rien à faire : elle quittera votre compte. Si elle est à vous, opposez-vous.
   *[phone] Une autre personne a prouvé le numéro de téléphone { $about }, confirmé pour votre compte { $brand }. S’il n’est plus à vous, vous n’avez rien à faire : il quittera votre compte. S’il est à vous, opposez-vous.
}
contest-ended-subject = Il est décidé à qui est une adresse de votre compte { $brand }
contest-ended-title = Rien n’a changé
contest-ended-lead = { $channel ->
    [email] Il est décidé à qui est l’adresse e-mail { $about }. Elle reste dans votre compte { $brand } comme elle était.
   *[phone] Il est décidé à qui est le numéro de téléphone { $about }. Il reste dans votre compte { $brand } comme il était.
}
when = Cela s’est passé le { date }.
not-you = Ce n’était pas vous ? Alors connectez-vous tout de suite et vérifiez vos adresses.
not-you-with-password = Ce n’était pas vous ? Alors connectez-vous tout de suite, vérifiez vos adresses et changez votre mot de passe.
undo = Si ce n’était pas vous, vous pouvez l’annuler sur cette page, sans vous connecter :
undo-button = Ce n’était pas moi
support = Besoin d’aide ? Contactez-nous :
home = Aller à la page d’accueil
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
sms-scheduled = { $brand } : { $about } va quitter votre compte. Pas vous ? Connectez-vous et vérifiez vos adresses.
sms-unverified = { $brand } : { $about } n'est plus valable dans votre compte. Pas vous ? Vérifiez vos adresses.
sms-undone = { $brand } : une modification de { $about } a été annulée. Pas vous ? Vérifiez vos adresses.
sms-contested = { $brand } : une autre personne a prouvé { $about } de votre compte. Toujours à vous ? Connectez-vous.
sms-contest-ended = { $brand } : il est décidé à qui est { $about }. Rien ne change dans votre compte.

account-title = Vos adresses
account-email = Adresses e-mail
account-phone = Numéros de téléphone
account-none = Il n’y en a pas encore.
account-primary = Principale
account-confirmed = Confirmée
account-unconfirmed = Non confirmée
account-undeliverable = Les messages n’arrivent pas à cette adresse.
account-replaces = Une fois confirmée, elle remplace
account-going = Cette adresse va être retirée ou remplacée.
account-keep = Garder cette adresse
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

enter-title = Se connecter
enter-title-open = Créer un compte ou se connecter
enter-send = Envoyer un code
enter-code-title = Saisissez le code
enter-sent = Si cette adresse peut être utilisée ici, un code est en route.
enter-wrong-code = Ce code n’est pas le bon.
enter-other = Utiliser une autre adresse
enter-ask-lead = Appuyez sur le bouton pour vous connecter à { $brand }. Si vous n’avez rien demandé, fermez la page : rien ne se passera.

page-ask-title = Est-ce que { $about } est à vous ?
page-ask-lead = Appuyez sur le bouton pour confirmer cette adresse pour votre compte { $brand }. Si vous n’avez rien demandé, fermez la page : rien ne changera.
page-ask-button = Confirmer mon adresse
page-confirmed-title = Merci
page-confirmed-lead = Votre adresse est confirmée. Vous pouvez fermer cette page.
page-contested-title = Votre adresse est prouvée
page-contested-lead = Une autre personne a aussi cette adresse. Elle sera confirmée pour votre compte dès qu’il sera décidé à qui elle est. Vous pouvez fermer cette page.
page-undo-title = Ce n’était pas vous ?
page-undo-lead = Appuyez sur le bouton pour annuler la modification. Si c’était vous, fermez la page : rien ne changera.
page-undone-title = La modification a été annulée
page-undone-lead = Nous avons prévenu toutes les adresses de votre compte. Connectez-vous et vérifiez votre compte.
page-failed-title = Cela n’a pas marché
page-failed-lead = Le lien a déjà servi, est trop ancien ou incomplet. Ouvrez le plus récent tel quel, ou demandez-en un autre.
page-not-signed-in-title = { page-failed-title }
page-not-signed-in-lead = Le lien a déjà servi, est trop ancien ou a été ouvert dans un autre navigateur que celui où vous l’avez demandé. Ouvrez le plus récent dans ce navigateur, ou saisissez-y le code.
page-later-title = Pas maintenant
page-later-lead = Quelque chose n’a pas marché de notre côté. Veuillez réessayer dans quelques minutes.

# Refusals and entries that cannot be read, as the person is told of them.
error-user-not-found = Ce compte n’existe plus.
error-identifier-not-found = Cette adresse ne figure plus dans votre compte.
error-duplicate = Cette adresse figure déjà dans votre compte.
error-unchanged = La nouvelle adresse est la même que l’actuelle. Saisissez-en une autre.
error-unavailable = Cette adresse ne peut pas être utilisée ici. Saisissez-en une autre.
error-username-taken = Ce nom d’utilisateur est déjà pris. Choisissez-en un autre.
error-resting = Cette adresse appartenait il y a peu à un autre compte. Saisissez-en une autre, ou attendez { duration }, puis réessayez.
error-already-verified = Cette adresse est déjà confirmée.
error-no-challenge = Ce code n’est plus valable. Demandez-en un nouveau.
error-expired = Ce code a expiré. Demandez-en un nouveau.
error-too-many-failures = Trop de codes erronés ont été saisis. Contactez notre assistance.
error-too-many-failures-wait = Trop de codes erronés ont été saisis. Attendez { duration }, puis réessayez.
error-too-soon = Un message vient d’être envoyé. Attendez { duration }, puis réessayez.
error-key-gone = { error-no-challenge }
error-not-verified = Cette adresse n’est pas encore confirmée. Confirmez-la d’abord.
error-last-verified = C’est votre dernière adresse confirmée. Confirmez-en d’abord une autre.
error-administrator-only = Vous ne pouvez pas le faire vous-même. Contactez notre assistance.
error-disabled = Ce compte est bloqué. Contactez notre assistance.
error-too-many-identifiers = { $channel ->
    [email] Vous avez trop d’adresses e-mail. Retirez-en une ou contactez notre assistance.
   *[phone] Vous avez trop de numéros de téléphone. Retirez-en un ou contactez notre assistance.
}
error-username-is-address = Un nom d’utilisateur ne peut pas ressembler à une adresse e-mail ni à un numéro de téléphone. Choisissez-en un autre.
error-too-large = L’une de vos saisies est trop longue. Raccourcissez-la.
error-nul = L’une de vos saisies contient un caractère qui ne peut pas être utilisé. Saisissez-la de nouveau.
error-life = { error-other }
error-disavowal-forged = Ce lien ne vient pas de nous. Ouvrez-le exactement tel qu’il a été envoyé.
error-disavowal-key-gone = Ce lien ne peut plus servir. Contactez notre assistance.
error-disavowal-used = Ce lien a déjà servi : la modification a été annulée.
error-disavowal-over = Il est trop tard pour annuler vous-même cette modification. Contactez notre assistance.
error-nothing-to-undo = Il n’y a plus rien à annuler : cela a encore changé depuis.
error-taken-since = Impossible d’annuler, car l’adresse appartient désormais à quelqu’un d’autre. Contactez notre assistance.
error-contested = Vous avez prouvé cette adresse, et une autre personne l’a aussi. Attendez qu’il soit décidé à qui elle est.
error-no-contest = C’est déjà décidé.
error-other = Quelque chose n’a pas marché. Veuillez réessayer plus tard.

error-email-empty = Saisissez une adresse e-mail.
error-email-too-long = Cette adresse e-mail est trop longue. Vérifiez-la.
error-email-missing-at = Il manque le signe @ dans l’adresse e-mail.
error-email-several-ats = Saisissez une seule adresse e-mail : il y a plus d’un signe @.
error-email-quoted = Saisissez l’adresse e-mail sans guillemets.
error-email-display-name = Saisissez l’adresse e-mail seule, sans nom ni chevrons.
error-email-comment = Saisissez l’adresse e-mail sans parenthèses.
error-email-address-literal = Saisissez l’adresse e-mail sans crochets.
error-email-local-part = Vérifiez la partie de l’adresse e-mail avant le signe @.
error-email-local-part-too-long = La partie de l’adresse e-mail avant le signe @ est trop longue. Vérifiez-la.
error-email-domain = Vérifiez la partie de l’adresse e-mail après le signe @.
error-email-domain-too-long = La partie de l’adresse e-mail après le signe @ est trop longue. Vérifiez-la.
error-email-label-too-long = { error-email-domain-too-long }
error-email-single-label = Il manque la fin de l’adresse e-mail, par exemple .fr. Vérifiez-la.
error-email-numeric-top-level = Une adresse e-mail ne peut pas se terminer par un nombre. Vérifiez-la.
error-email-international-domain = La partie de l’adresse e-mail après le signe @ contient un caractère qui ne peut pas être utilisé. Vérifiez-la.
error-email-domain-ascii-twin = Tapez la partie de l’adresse e-mail après le signe @ avec des lettres et des points ordinaires.
error-email-stored = { error-other }

error-character-white-space = Retirez les espaces.
error-character-control = Il y a des caractères qui ne se voient pas. Effacez la saisie et tapez-la de nouveau.
error-character-invisible = { error-character-control }
error-character-unassigned = Il y a des caractères qui ne peuvent pas être utilisés. Retirez-les.
error-character-ascii-twin = Tapez-le avec des lettres et des signes ordinaires.
error-character-leading-mark = Retirez l’accent qui n’est sur aucune lettre.

error-phone-empty = Saisissez un numéro de téléphone.
error-phone-too-long = Ce numéro de téléphone est trop long. Saisissez un seul numéro.
error-phone-too-short = Ce numéro de téléphone est trop court. Saisissez-le en entier, avec l’indicatif.
error-phone-missing-plus = Commencez le numéro de téléphone par + et l’indicatif du pays.
error-phone-misplaced-plus = N’écrivez + qu’une fois, au début du numéro de téléphone.
error-phone-letters = Écrivez le numéro de téléphone en chiffres, sans lettres.
error-phone-extension = Saisissez le numéro de téléphone sans numéro de poste.
error-phone-parameter = Saisissez le numéro de téléphone seul, sans rien après.
error-phone-character = Le numéro de téléphone contient un caractère qui n’a rien à y faire. Retirez-le.
error-phone-unknown-country-code = Aucun pays n’a cet indicatif. Vérifiez-le.
error-phone-invalid-number = Ce numéro de téléphone n’existe pas. Vérifiez-le.
error-region-unknown = Choisissez un pays.

error-username-empty = Saisissez un nom d’utilisateur.
error-username-too-long = Ce nom d’utilisateur est trop long. Choisissez-en un plus court.
error-username-stored = { error-other }
error-code-empty = Saisissez le code du message.
error-code-too-long = C’est trop long pour un code. Saisissez seulement le code du message.
error-link-malformed = Ce lien n’est pas complet. Ouvrez-le exactement tel qu’il a été envoyé.
error-disavowal-malformed = { error-link-malformed }
