duration = { $unit ->
    [days] { $count ->
        [one] يوم واحد
        [two] يومين
        [few] { $count } أيام
        [many] { $count } يومًا
       *[other] { $count } يوم
    }
    [hours] { $count ->
        [one] ساعة واحدة
        [two] ساعتين
        [few] { $count } ساعات
        [many] { $count } ساعة
       *[other] { $count } ساعة
    }
   *[minutes] { $count ->
        [one] دقيقة واحدة
        [two] دقيقتين
        [few] { $count } دقائق
        [many] { $count } دقيقة
       *[other] { $count } دقيقة
    }
}
date = { $day } { $month ->
    [1] يناير
    [2] فبراير
    [3] مارس
    [4] أبريل
    [5] مايو
    [6] يونيو
    [7] يوليو
    [8] أغسطس
    [9] سبتمبر
    [10] أكتوبر
    [11] نوفمبر
   *[12] ديسمبر
} { $year }، الساعة { $time } بالتوقيت العالمي

code-subject = رمزك في { $brand }
code-title = رمزك
code-lead = أدخل هذا الرمز في المكان الذي طلبته منه، لتأكيد أن هذا العنوان يخصك:
link-subject = أكِّد بريدك الإلكتروني في { $brand }
link-title = أكِّد بريدك الإلكتروني
link-lead = افتح هذه الصفحة واضغط على الزر فيها، لتأكيد أن هذا العنوان يخصك:
code-and-link-subject = أكِّد بريدك الإلكتروني في { $brand }
code-and-link-title = أكِّد بريدك الإلكتروني
code-and-link-lead = أدخل هذا الرمز في المكان الذي طلبته منه، أو افتح الصفحة أدناه واضغط على الزر فيها. يكفي أحدهما.
sign-in-code-subject = رمز تسجيل الدخول إلى { $brand }
sign-in-code-title = رمز تسجيل الدخول
sign-in-code-lead = أدخل هذا الرمز في المكان الذي طلبته منه، لتسجيل الدخول:
sign-in-link-subject = سجّل الدخول إلى { $brand }
sign-in-link-title = سجّل الدخول
sign-in-link-lead = افتح هذه الصفحة في المتصفح الذي طلبتها منه واضغط على الزر فيها، لتسجيل الدخول:
sign-in-code-and-link-subject = سجّل الدخول إلى { $brand }
sign-in-code-and-link-title = سجّل الدخول
sign-in-code-and-link-lead = أدخل هذا الرمز في المكان الذي طلبته منه، أو افتح الصفحة أدناه في المتصفح نفسه واضغط على الزر فيها. يكفي أحدهما.
step-up-code-subject = أكِّد في { $brand } أنك صاحب الحساب
step-up-code-title = أكِّد أنك صاحب الحساب
step-up-code-lead = أدخل هذا الرمز في المكان الذي طلبته منه، لتأكيد أنك صاحب الحساب:

button = فتح الصفحة
copy = إذا لم يعمل الزر، فانسخ هذا العنوان إلى متصفحك:
expiry = صالح لمدة { duration }.
keep-secret = لا تعطه لأحد. نحن لا نطلبه أبدًا عبر الهاتف أو البريد.
unasked = ألم تطلب هذا؟ إذن لا يلزمك فعل شيء: لا يمكن لأحد تأكيد عنوانك من دون هذه الرسالة.
unasked-sign-in = ألم تطلب هذا؟ إذن لا يلزمك فعل شيء: لا يمكن لأحد تسجيل الدخول من دون هذه الرسالة.
unasked-step-up = ألم تطلب هذا؟ إذن ربما يستعمل شخص آخر حسابك. لا تدخل الرمز، وراجع حسابك.

added-subject = أُضيف عنوان إلى حسابك في { $brand }
added-title = أُضيف عنوان
added-lead = { $channel ->
    [email] أُضيف البريد الإلكتروني { $about } إلى حسابك في { $brand }. لم يُؤكَّد بعد.
   *[phone] أُضيف رقم الهاتف { $about } إلى حسابك في { $brand }. لم يُؤكَّد بعد.
}
verified-subject = تم تأكيد عنوان في حسابك في { $brand }
verified-title = تم تأكيد عنوان
verified-lead = { $channel ->
    [email] تم تأكيد البريد الإلكتروني { $about } لحسابك في { $brand }.
   *[phone] تم تأكيد رقم الهاتف { $about } لحسابك في { $brand }.
}
made-primary-subject = لحسابك في { $brand } عنوان أساسي آخر
made-primary-title = عنوان أساسي آخر
made-primary-lead = { $channel ->
    [email] البريد الإلكتروني { $about } هو الآن البريد الأساسي لحسابك في { $brand }.
   *[phone] رقم الهاتف { $about } هو الآن الرقم الأساسي لحسابك في { $brand }.
}
removed-subject = أُزيل عنوان من حسابك في { $brand }
removed-title = أُزيل عنوان
removed-lead = { $channel ->
    [email] أُزيل البريد الإلكتروني { $about } من حسابك في { $brand }.
   *[phone] أُزيل رقم الهاتف { $about } من حسابك في { $brand }.
}
replaced-subject = استُبدل عنوان في حسابك في { $brand }
replaced-title = استُبدل عنوان
replaced-lead = { $channel ->
    [email] حلّ البريد الإلكتروني { $about } محل عنوان أقدم في حسابك في { $brand }.
   *[phone] حلّ رقم الهاتف { $about } محل رقم أقدم في حسابك في { $brand }.
}
unverified-subject = لم يعد أحد عناوين حسابك في { $brand } مؤكدًا
unverified-title = لم يعد أحد العناوين مؤكدًا
unverified-lead = { $channel ->
    [email] لم يعد البريد الإلكتروني { $about } مؤكدًا لحسابك في { $brand }.
   *[phone] لم يعد رقم الهاتف { $about } مؤكدًا لحسابك في { $brand }.
}
when = حدث ذلك في { date }.
not-you = ألم تكن أنت؟ إذن سجّل الدخول فورًا وراجع عناوينك.
not-you-with-password = ألم تكن أنت؟ إذن سجّل الدخول فورًا، وراجع عناوينك، وغيّر كلمة المرور.
support = هل تحتاج إلى مساعدة؟ تواصل معنا:
automatic = أرسل { $brand } هذه الرسالة تلقائيًا، ولا يقرأ أحد الردود عليها.

sms-code = { $brand }: رمزك { $code }. صالح { duration }.
sms-code-short = { $brand }: { $code }
sms-link = { $brand }: أكِّد رقمك خلال { duration }: { $link }
sms-sign-in-code = { $brand }: رمز الدخول { $code }. صالح { duration }.
sms-sign-in-link = { $brand }: سجّل الدخول خلال { duration }: { $link }
sms-step-up-code = { $brand }: رمز التأكيد { $code }. صالح { duration }.
sms-added = { $brand }: أُضيف { $about } إلى حسابك. لست أنت؟ راجعه.
sms-verified = { $brand }: تم تأكيد { $about }. لست أنت؟ راجع حسابك.
sms-made-primary = { $brand }: صار { $about } أساسيًا. لست أنت؟ راجع حسابك.
sms-removed = { $brand }: أُزيل { $about } من حسابك. لست أنت؟ راجعه.
sms-replaced = { $brand }: حلّ { $about } محل آخر. لست أنت؟ راجع حسابك.
sms-unverified = { $brand }: لم يعد { $about } مؤكدًا. لست أنت؟ راجعه.

account-title = عناوينك
account-email = عناوين البريد الإلكتروني
account-phone = أرقام الهاتف
account-none = لا يوجد شيء بعد.
account-primary = أساسي
account-confirmed = مؤكَّد
account-unconfirmed = غير مؤكَّد
account-undeliverable = الرسائل لا تصل إلى هذا العنوان.
account-replaces = بعد تأكيده يحل محل
account-add-title = إضافة عنوان
account-address = البريد الإلكتروني أو رقم الهاتف
account-address-hint = يبدأ رقم الهاتف بعلامة الجمع ثم رمز البلد، مثل { "\u2066" }+44 1514 960453{ "\u2069" }.
account-add = إضافة
account-confirm-title = تأكيد هذا العنوان
account-code = الرمز
account-sent = أرسلنا رمزًا إلى هذا العنوان. { expiry }
account-confirm = تأكيد
account-send = إرسال رمز
account-send-again = إرسال الرمز مرة أخرى
account-make-primary = جعل هذا العنوان أساسيًا
account-replace-title = استبدال هذا العنوان
account-new-address = { $channel ->
    [email] البريد الإلكتروني الجديد
   *[phone] رقم الهاتف الجديد
}
account-replace-hint = يبقى العنوان المؤكَّد حتى يتم تأكيد العنوان الجديد.
account-replace = استبدال
account-remove-title = إزالة هذا العنوان
account-remove-lead = لن يعود هذا العنوان تابعًا لحسابك.
account-remove = إزالة
account-back = العودة إلى عناوينك
account-said-verified = تم تأكيد العنوان.
account-said-primary = أصبح هذا العنوان أساسيًا.
account-said-removed = أُزيل العنوان.
account-wrong-code = هذا الرمز غير صحيح. المحاولات المتبقية: { $tries }.
account-incomplete = لم يكن النموذج مكتملًا. يُرجى المحاولة مرة أخرى.
account-too-long = النص طويل جدًا. يُرجى كتابة نص أقصر.
account-stale = لم يتغير شيء، لأن هذه الصفحة بقيت مفتوحة مدة طويلة أو لم تُرسل من هنا. يُرجى المحاولة مرة أخرى.
account-refused = لا يمكن فعل ذلك.

page-ask-title = هل { $about } لك؟
page-ask-lead = اضغط على الزر لتأكيد هذا العنوان لحسابك في { $brand }. إذا لم تطلب ذلك، فأغلق الصفحة ولن يتغير شيء.
page-ask-button = تأكيد عنواني
page-confirmed-title = شكرًا لك
page-confirmed-lead = تم تأكيد عنوانك. يمكنك إغلاق هذه الصفحة.
page-failed-title = لم ينجح ذلك
page-failed-lead = الرابط مستعمل أو قديم أو غير مكتمل. افتح أحدث رابط كما هو، أو اطلب رابطًا آخر.
page-later-title = ليس الآن
page-later-lead = حدث خطأ من جانبنا. يُرجى المحاولة بعد بضع دقائق.
