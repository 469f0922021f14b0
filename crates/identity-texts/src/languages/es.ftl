duration = { $unit ->
    [days] { $count ->
        [one] { $count } día
       *[other] { $count } días
    }
    [hours] { $count ->
        [one] { $count } hora
       *[other] { $count } horas
    }
   *[minutes] { $count ->
        [one] { $count } minuto
       *[other] { $count } minutos
    }
}
# The same without accents that GSM-7 lacks.
sms-duration = { $unit ->
    [days] { $hours } h
   *[other] { duration }
}
date = { $day } de { $month ->
    [1] enero
    [2] febrero
    [3] marzo
    [4] abril
    [5] mayo
    [6] junio
    [7] julio
    [8] agosto
    [9] septiembre
    [10] octubre
    [11] noviembre
   *[12] diciembre
} de { $year }, { $time } UTC

code-subject = Su código para { $brand }
code-title = Su código
code-lead = Escriba este código donde lo pidió, para confirmar que esta dirección es suya:
link-subject = Confirme su dirección de correo para { $brand }
link-title = Confirme su dirección de correo
link-lead = Abra esta página y pulse su botón, para confirmar que esta dirección es suya:
code-and-link-subject = Confirme su dirección de correo para { $brand }
code-and-link-title = Confirme su dirección de correo
code-and-link-lead = Escriba este código donde lo pidió, o abra la página de abajo y pulse su botón. Basta con uno de los dos.
sign-in-code-subject = Su código para entrar en { $brand }
sign-in-code-title = Su código para entrar
sign-in-code-lead = Escriba este código donde lo pidió, para entrar:
sign-in-link-subject = Entre en { $brand }
sign-in-link-title = Entre en su cuenta
sign-in-link-lead = Abra esta página en el navegador en el que la pidió y pulse su botón, para entrar:
sign-in-code-and-link-subject = Entre en { $brand }
sign-in-code-and-link-title = Entre en su cuenta
sign-in-code-and-link-lead = Escriba este código donde lo pidió, o abra la página de abajo en el mismo navegador y pulse su botón. Basta con uno de los dos.
step-up-code-subject = Confirme en { $brand } que es usted
step-up-code-title = Confirme que es usted
step-up-code-lead = Escriba este código donde lo pidió, para confirmar que es usted:

button = Abrir la página
copy = Si el botón no hace nada, copie esta dirección en su navegador:
expiry = Válido durante { duration }.
keep-secret = No se lo dé a nadie. Nunca lo pedimos por teléfono ni por correo.
unasked = ¿No lo ha pedido usted? Entonces no hay nada que hacer: sin este mensaje nadie puede confirmar su dirección.
unasked-sign-in = ¿No lo ha pedido usted? Entonces no hay nada que hacer: sin este mensaje nadie puede entrar.
unasked-step-up = ¿No lo ha pedido usted? Entonces quizá otra persona usa su cuenta. No escriba el código y revise su cuenta.

added-subject = Se ha añadido una dirección a su cuenta de { $brand }
added-title = Se ha añadido una dirección
added-lead = { $channel ->
    [email] La dirección de correo { $about } se ha añadido a su cuenta de { $brand }. Aún no está confirmada.
   *[phone] El número de teléfono { $about } se ha añadido a su cuenta de { $brand }. Aún no está confirmado.
}
verified-subject = Se ha confirmado una dirección de su cuenta de { $brand }
verified-title = Se ha confirmado una dirección
verified-lead = { $channel ->
    [email] La dirección de correo { $about } se ha confirmado para su cuenta de { $brand }.
   *[phone] El número de teléfono { $about } se ha confirmado para su cuenta de { $brand }.
}
made-primary-subject = Su cuenta de { $brand } tiene otra dirección principal
made-primary-title = Otra dirección principal
made-primary-lead = { $channel ->
    [email] La dirección de correo { $about } es ahora la principal de su cuenta de { $brand }.
   *[phone] El número de teléfono { $about } es ahora el principal de su cuenta de { $brand }.
}
removed-subject = Se ha quitado una dirección de su cuenta de { $brand }
removed-title = Se ha quitado una dirección
removed-lead = { $channel ->
    [email] La dirección de correo { $about } se ha quitado de su cuenta de { $brand }.
   *[phone] El número de teléfono { $about } se ha quitado de su cuenta de { $brand }.
}
replaced-subject = Se ha sustituido una dirección de su cuenta de { $brand }
replaced-title = Se ha sustituido una dirección
replaced-lead = { $channel ->
    [email] La dirección de correo { $about } ha sustituido a otra anterior en su cuenta de { $brand }.
   *[phone] El número de teléfono { $about } ha sustituido a otro anterior en su cuenta de { $brand }.
}
scheduled-subject = Una dirección va a salir de su cuenta de { $brand }
scheduled-title = Una dirección va a salir de su cuenta
scheduled-lead = { $channel ->
    [email] Alguien ha pedido quitar de su cuenta de { $brand } la dirección de correo { $about }, o sustituirla.
   *[phone] Alguien ha pedido quitar de su cuenta de { $brand } el número de teléfono { $about }, o sustituirlo.
}
takes-effect = El cambio se hará dentro de { duration }.
unverified-subject = Una dirección de su cuenta de { $brand } ya no está confirmada
unverified-title = Una dirección ya no está confirmada
unverified-lead = { $channel ->
    [email] La dirección de correo { $about } ya no está confirmada para su cuenta de { $brand }.
   *[phone] El número de teléfono { $about } ya no está confirmado para su cuenta de { $brand }.
}
undone-subject = Se ha deshecho un cambio en su cuenta de { $brand }
undone-title = Se ha deshecho un cambio
undone-lead = { $channel ->
    [email] Con el enlace de un aviso se ha deshecho un cambio en su cuenta de { $brand }. Se trataba de la dirección de correo { $about }.
   *[phone] Con el enlace de un aviso se ha deshecho un cambio en su cuenta de { $brand }. Se trataba del número de teléfono { $about }.
}
contested-subject = Otra persona ha demostrado una dirección de su cuenta de { $brand }
contested-title = Otra persona ha demostrado su dirección
contested-lead = { $channel ->
    [email] Otra persona ha demostrado la dirección de correo { $about }, confirmada para su cuenta de { $brand }. Si ya no es suya, no tiene que hacer nada: dejará su cuenta. Si es suya, opóngase.
   *[phone] Otra persona ha demostrado el número de teléfono { $about }, confirmado para su cuenta de { $brand }. Si ya no es suyo, no tiene que hacer nada: dejará su cuenta. Si es suyo, opóngase.
}
contest-ended-subject = Se ha decidido de quién es una dirección de su cuenta de { $brand }
contest-ended-title = No ha cambiado nada
contest-ended-lead = { $channel ->
    [email] Se ha decidido de quién es la dirección de correo { $about }. Sigue en su cuenta de { $brand } como estaba.
   *[phone] Se ha decidido de quién es el número de teléfono { $about }. Sigue en su cuenta de { $brand } como estaba.
}
when = Ocurrió el { date }.
not-you = ¿No ha sido usted? Entonces inicie sesión cuanto antes y revise sus direcciones.
not-you-with-password = ¿No ha sido usted? Entonces inicie sesión cuanto antes, revise sus direcciones y cambie su contraseña.
undo = Si no ha sido usted, puede deshacerlo en esta página, sin iniciar sesión:
undo-button = No he sido yo
support = ¿Necesita ayuda? Contacte con nosotros:
home = Ir a la página de inicio
automatic = { $brand } ha enviado este mensaje automáticamente; nadie lee las respuestas.

# Text messages keep to letters that GSM-7 has: é, ñ and ¿, but no á, í, ó or ú.
sms-code = { $brand }: su clave es { $code }. Vale { sms-duration }. No se la dé a nadie.
sms-code-short = { $brand }: { $code }
sms-link = { $brand }: confirme que este tel. es suyo en { sms-duration }: { $link }
sms-sign-in-code = { $brand }: su clave para entrar es { $code }. Vale { sms-duration }. No se la dé a nadie.
sms-sign-in-link = { $brand }: entre en { sms-duration }: { $link }
sms-step-up-code = { $brand }: su clave para confirmar es { $code }. Vale { sms-duration }. No se la dé a nadie.
sms-added = { $brand }: { $about } se ha agregado a su cuenta. ¿No ha sido usted? Entre y revise su cuenta.
sms-verified = { $brand }: { $about } se ha confirmado para su cuenta. ¿No ha sido usted? Entre y revise su cuenta.
sms-made-primary = { $brand }: { $about } es ahora lo principal en su cuenta. ¿No ha sido usted? Entre y revise su cuenta.
sms-removed = { $brand }: { $about } se ha quitado de su cuenta. ¿No ha sido usted? Entre y revise su cuenta.
sms-replaced = { $brand }: { $about } sustituye un dato de su cuenta. ¿No ha sido usted? Entre y revise su cuenta.
sms-scheduled = { $brand }: { $about } se va a quitar de su cuenta. ¿No ha sido usted? Entre y revise su cuenta.
sms-unverified = { $brand }: { $about } ya no vale en su cuenta. ¿No ha sido usted? Entre y revise su cuenta.
sms-undone = { $brand }: se ha deshecho un cambio de { $about }. ¿No ha sido usted? Entre y revise su cuenta.
sms-contested = { $brand }: otra persona ha demostrado { $about }, de su cuenta. ¿Sigue siendo suyo? Entre en su cuenta.
sms-contest-ended = { $brand }: se ha decidido de quién es { $about }. En su cuenta no cambia nada.

account-title = Sus direcciones
account-email = Direcciones de correo
account-phone = Números de teléfono
account-none = Aún no hay ninguna dirección.
account-primary = Principal
account-confirmed = Confirmada
account-unconfirmed = Sin confirmar
account-undeliverable = Los mensajes no llegan a esta dirección.
account-replaces = Cuando se confirme, sustituirá a
account-going = Esta dirección se va a quitar o sustituir.
account-keep = Conservar esta dirección
account-add-title = Añadir una dirección
account-address = Dirección de correo o número de teléfono
account-address-hint = Un número de teléfono empieza por + y el prefijo del país, por ejemplo +44 1514 960453.
account-add = Añadir
account-confirm-title = Confirmar esta dirección
account-code = Código
account-sent = Hemos enviado un código a esta dirección. { expiry }
account-confirm = Confirmar
account-send = Enviar un código
account-send-again = Enviar el código otra vez
account-make-primary = Hacer principal esta dirección
account-replace-title = Sustituir esta dirección
account-new-address = { $channel ->
    [email] Nueva dirección de correo
   *[phone] Nuevo número de teléfono
}
account-replace-hint = Una dirección confirmada se mantiene hasta que se confirme la nueva.
account-replace = Sustituir
account-remove-title = Quitar esta dirección
account-remove-lead = La dirección dejará de pertenecer a su cuenta.
account-remove = Quitar
account-back = Volver a sus direcciones
account-said-verified = La dirección está confirmada.
account-said-primary = Esta dirección es ahora la principal.
account-said-removed = La dirección se ha quitado.
account-wrong-code = Este código no es correcto. Intentos restantes: { $tries }.
account-incomplete = El formulario no estaba completo. Vuelva a intentarlo.
account-too-long = Es demasiado largo. Escriba menos.
account-stale = No se ha cambiado nada, porque esta página llevaba demasiado tiempo abierta o no se envió desde aquí. Vuelva a intentarlo.

enter-title = Entrar
enter-title-open = Crear una cuenta o entrar
enter-send = Enviar un código
enter-code-title = Introduzca el código
enter-sent = Si esta dirección se puede usar aquí, hay un código en camino.
enter-wrong-code = Este código no es correcto.
enter-other = Usar otra dirección
enter-ask-lead = Pulse el botón para entrar en { $brand }. Si no lo ha pedido usted, cierre la página: no ocurrirá nada.

page-ask-title = ¿Le pertenece { $about }?
page-ask-lead = Pulse el botón para confirmar esta dirección para su cuenta de { $brand }. Si no lo ha pedido usted, cierre la página: no cambiará nada.
page-ask-button = Confirmar mi dirección
page-confirmed-title = Gracias
page-confirmed-lead = Su dirección está confirmada. Puede cerrar esta página.
page-contested-title = Su dirección está demostrada
page-contested-lead = Otra persona también tiene esta dirección. Quedará confirmada para su cuenta cuando se decida de quién es. Puede cerrar esta página.
page-undo-title = ¿No ha sido usted?
page-undo-lead = Pulse el botón para deshacer el cambio. Si ha sido usted, cierre la página: no cambiará nada.
page-undone-title = El cambio se ha deshecho
page-undone-lead = Hemos avisado a todas las direcciones de su cuenta. Inicie sesión y revise su cuenta.
page-failed-title = No ha funcionado
page-failed-lead = El enlace ya se ha usado, es demasiado antiguo o no está completo. Abra el más reciente tal como está, o pida otro.
page-not-signed-in-title = { page-failed-title }
page-not-signed-in-lead = El enlace ya se ha usado, es demasiado antiguo o se ha abierto en un navegador distinto de aquel en el que lo pidió. Abra el más reciente en ese navegador, o escriba allí el código.
page-later-title = Ahora no
page-later-lead = Algo ha fallado por nuestra parte. Vuelva a intentarlo dentro de unos minutos.

# Refusals and entries that cannot be read, as the person is told of them.
error-user-not-found = Esta cuenta ya no existe.
error-identifier-not-found = Esta dirección ya no está en su cuenta.
error-duplicate = Esta dirección ya está en su cuenta.
error-unchanged = La dirección nueva es la misma que la actual. Escriba otra.
error-unavailable = Esta dirección no se puede usar aquí. Escriba otra.
error-username-taken = Este nombre de usuario ya está en uso. Elija otro.
error-resting = Esta dirección perteneció hasta hace poco a otra cuenta. Escriba otra, o espere { duration } y vuelva a intentarlo.
error-already-verified = Esta dirección ya está confirmada.
error-no-challenge = Este código ya no sirve. Pida uno nuevo.
error-expired = Este código ha caducado. Pida uno nuevo.
error-too-many-failures = Se han escrito demasiados códigos incorrectos. Pida ayuda a nuestro servicio de asistencia.
error-too-many-failures-wait = Se han escrito demasiados códigos incorrectos. Espere { duration } y vuelva a intentarlo.
error-too-soon = Hace poco se envió un mensaje. Espere { duration } y vuelva a intentarlo.
error-key-gone = { error-no-challenge }
error-not-verified = Esta dirección aún no está confirmada. Confírmela primero.
error-last-verified = Es su última dirección confirmada. Confirme primero otra.
error-administrator-only = No puede hacerlo por su cuenta. Pida ayuda a nuestro servicio de asistencia.
error-disabled = Esta cuenta está bloqueada. Pida ayuda a nuestro servicio de asistencia.
error-too-many-identifiers = { $channel ->
    [email] Tiene demasiadas direcciones de correo. Quite una o pida ayuda a nuestro servicio de asistencia.
   *[phone] Tiene demasiados números de teléfono. Quite uno o pida ayuda a nuestro servicio de asistencia.
}
error-username-is-address = Un nombre de usuario no puede parecer una dirección de correo ni un número de teléfono. Elija otro.
error-too-large = Uno de los textos es demasiado largo. Acórtelo.
error-nul = Uno de los textos tiene un carácter que no se puede usar. Escríbalo de nuevo.
error-life = { error-other }
error-disavowal-forged = Este enlace no es nuestro. Ábralo tal como se envió.
error-disavowal-key-gone = Este enlace ya no se puede usar. Pida ayuda a nuestro servicio de asistencia.
error-disavowal-used = Este enlace ya se ha usado: el cambio se ha deshecho.
error-disavowal-over = Ya es tarde para deshacer este cambio por su cuenta. Pida ayuda a nuestro servicio de asistencia.
error-nothing-to-undo = Ya no queda nada que deshacer: esto ha vuelto a cambiar desde entonces.
error-taken-since = No se puede deshacer, porque la dirección ya pertenece a otra persona. Pida ayuda a nuestro servicio de asistencia.
error-contested = Ha demostrado esta dirección, y otra persona también la tiene. Espere a que se decida de quién es.
error-no-contest = Esto ya se ha decidido.
error-other = Algo ha fallado. Vuelva a intentarlo más tarde.

error-email-empty = Escriba una dirección de correo.
error-email-too-long = Esta dirección de correo es demasiado larga. Revísela.
error-email-missing-at = Falta el signo @ en la dirección de correo.
error-email-several-ats = Escriba una sola dirección de correo: hay más de un signo @.
error-email-quoted = Escriba la dirección de correo sin comillas.
error-email-display-name = Escriba solo la dirección de correo, sin nombre ni paréntesis angulares.
error-email-comment = Escriba la dirección de correo sin paréntesis.
error-email-address-literal = Escriba la dirección de correo sin corchetes.
error-email-local-part = Revise la parte de la dirección de correo que va antes del signo @.
error-email-local-part-too-long = La parte de la dirección de correo que va antes del signo @ es demasiado larga. Revísela.
error-email-domain = Revise la parte de la dirección de correo que va después del signo @.
error-email-domain-too-long = La parte de la dirección de correo que va después del signo @ es demasiado larga. Revísela.
error-email-label-too-long = { error-email-domain-too-long }
error-email-single-label = Falta el final de la dirección de correo, por ejemplo .es. Revísela.
error-email-numeric-top-level = Una dirección de correo no puede terminar en un número. Revísela.
error-email-international-domain = La parte de la dirección de correo que va después del signo @ tiene un carácter que no se puede usar. Revísela.
error-email-domain-ascii-twin = Escriba la parte de la dirección de correo que va después del signo @ con letras y puntos corrientes.
error-email-stored = { error-other }

error-character-white-space = Quite los espacios.
error-character-control = Hay caracteres que no se ven. Borre el texto y escríbalo de nuevo.
error-character-invisible = { error-character-control }
error-character-unassigned = Hay caracteres que no se pueden usar. Quítelos.
error-character-ascii-twin = Escríbalo con letras y signos corrientes.
error-character-leading-mark = Quite el acento que no va con ninguna letra.

error-phone-empty = Escriba un número de teléfono.
error-phone-too-long = Este número de teléfono es demasiado largo. Escriba un solo número.
error-phone-too-short = Este número de teléfono es demasiado corto. Escríbalo completo, con el prefijo.
error-phone-missing-plus = Empiece el número de teléfono por + y el prefijo del país.
error-phone-misplaced-plus = Escriba + una sola vez, al principio del número de teléfono.
error-phone-letters = Escriba el número de teléfono con cifras, sin letras.
error-phone-extension = Escriba el número de teléfono sin extensión.
error-phone-parameter = Escriba solo el número de teléfono, sin nada detrás.
error-phone-character = El número de teléfono tiene un carácter que no corresponde. Quítelo.
error-phone-unknown-country-code = Ningún país tiene este prefijo. Revíselo.
error-phone-invalid-number = Este número de teléfono no existe. Revíselo.
error-region-unknown = Elija un país.

error-username-empty = Escriba un nombre de usuario.
error-username-too-long = Este nombre de usuario es demasiado largo. Elija uno más corto.
error-username-stored = { error-other }
error-code-empty = Escriba el código del mensaje.
error-code-too-long = Es demasiado largo para un código. Escriba solo el código del mensaje.
error-link-malformed = Este enlace no está completo. Ábralo tal como se envió.
error-disavowal-malformed = { error-link-malformed }
