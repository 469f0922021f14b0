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
scheduled-subject = سيخرج عنوان من حسابك في { $brand }
scheduled-title = سيخرج عنوان من حسابك
scheduled-lead = { $channel ->
    [email] طلب أحدهم إزالة البريد الإلكتروني { $about } من حسابك في { $brand } أو استبداله.
   *[phone] طلب أحدهم إزالة رقم الهاتف { $about } من حسابك في { $brand } أو استبداله.
}
takes-effect = المدة الباقية قبل التنفيذ: { duration }.
unverified-subject = لم يعد أحد عناوين حسابك في { $brand } مؤكدًا
unverified-title = لم يعد أحد العناوين مؤكدًا
unverified-lead = { $channel ->
    [email] لم يعد البريد الإلكتروني { $about } مؤكدًا لحسابك في { $brand }.
   *[phone] لم يعد رقم الهاتف { $about } مؤكدًا لحسابك في { $brand }.
}
undone-subject = أُلغي تغيير في حسابك في { $brand }
undone-title = أُلغي تغيير
undone-lead = { $channel ->
    [email] أُلغي تغيير في حسابك في { $brand } بواسطة الرابط الوارد في إشعار. كان التغيير يخص البريد الإلكتروني { $about }.
   *[phone] أُلغي تغيير في حسابك في { $brand } بواسطة الرابط الوارد في إشعار. كان التغيير يخص رقم الهاتف { $about }.
}
contested-subject = أثبت شخص آخر عنوانًا في حسابك في { $brand }
contested-title = أثبت شخص آخر عنوانك
contested-lead = { $channel ->
    [email] أثبت شخص آخر البريد الإلكتروني { $about } المؤكَّد في حسابك في { $brand }. إن لم يعد لك، فلا حاجة إلى فعل شيء وسيخرج من حسابك. وإن كان لك، فاعترض.
   *[phone] أثبت شخص آخر رقم الهاتف { $about } المؤكَّد في حسابك في { $brand }. إن لم يعد لك، فلا حاجة إلى فعل شيء وسيخرج من حسابك. وإن كان لك، فاعترض.
}
contest-ended-subject = حُسم لمن يعود عنوان في حسابك في { $brand }
contest-ended-title = لم يتغير شيء
contest-ended-lead = { $channel ->
    [email] حُسم لمن يعود البريد الإلكتروني { $about }. يبقى في حسابك في { $brand } كما كان.
   *[phone] حُسم لمن يعود رقم الهاتف { $about }. يبقى في حسابك في { $brand } كما كان.
}
when = حدث ذلك في { date }.
not-you = ألم تكن أنت؟ إذن سجّل الدخول فورًا وراجع عناوينك.
not-you-with-password = ألم تكن أنت؟ إذن سجّل الدخول فورًا، وراجع عناوينك، وغيّر كلمة المرور.
undo = إن لم تكن أنت، يمكنك إلغاء التغيير في هذه الصفحة دون تسجيل الدخول:
undo-button = لم أكن أنا
support = هل تحتاج إلى مساعدة؟ تواصل معنا:
home = الانتقال إلى الصفحة الرئيسية
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
sms-scheduled = { $brand }: سيُزال { $about } من حسابك. لست أنت؟ راجعه.
sms-unverified = { $brand }: لم يعد { $about } مؤكدًا. لست أنت؟ راجعه.
sms-undone = { $brand }: أُلغي تغيير يخص { $about }. لست أنت؟ راجعه.
sms-contested = { $brand }: أثبت غيرك { $about }. هل هو لك؟ راجع حسابك.
sms-contest-ended = { $brand }: حُسم أمر { $about }. لم يتغير حسابك.

account-title = عناوينك
account-email = عناوين البريد الإلكتروني
account-phone = أرقام الهاتف
account-none = لا يوجد شيء بعد.
account-primary = أساسي
account-confirmed = مؤكَّد
account-unconfirmed = غير مؤكَّد
account-undeliverable = الرسائل لا تصل إلى هذا العنوان.
account-replaces = بعد تأكيده يحل محل
account-going = سيُزال هذا العنوان أو يُستبدل.
account-keep = الإبقاء على هذا العنوان
account-add-title = إضافة عنوان
account-address = البريد الإلكتروني أو رقم الهاتف
account-address-hint = يبدأ رقم الهاتف بعلامة الجمع ثم رمز البلد، مثل { "\u2066+44\u00a01514\u00a0960453\u2069" }.
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

enter-title = تسجيل الدخول
enter-title-open = إنشاء حساب أو تسجيل الدخول
enter-send = إرسال رمز
enter-code-title = أدخل الرمز
enter-sent = إذا كان استخدام هذا العنوان ممكنًا هنا، فالرمز في طريقه إليك.
enter-wrong-code = هذا الرمز غير صحيح.
enter-other = استخدام عنوان آخر
enter-ask-lead = اضغط على الزر لتسجيل الدخول إلى { $brand }. إذا لم تطلب ذلك، فأغلق الصفحة ولن يحدث شيء.

page-ask-title = هل { $about } لك؟
page-ask-lead = اضغط على الزر لتأكيد هذا العنوان لحسابك في { $brand }. إذا لم تطلب ذلك، فأغلق الصفحة ولن يتغير شيء.
page-ask-button = تأكيد عنواني
page-confirmed-title = شكرًا لك
page-confirmed-lead = تم تأكيد عنوانك. يمكنك إغلاق هذه الصفحة.
page-contested-title = تم إثبات عنوانك
page-contested-lead = لدى شخص آخر هذا العنوان أيضًا. سيُؤكَّد في حسابك متى حُسم لمن يعود. يمكنك إغلاق هذه الصفحة.
page-undo-title = ألم تكن أنت؟
page-undo-lead = اضغط على الزر لإلغاء التغيير. إذا كنت أنت، فأغلق الصفحة ولن يتغير شيء.
page-undone-title = أُلغي التغيير
page-undone-lead = أبلغنا جميع عناوين حسابك. سجّل الدخول وراجع حسابك.
page-failed-title = لم ينجح ذلك
page-failed-lead = الرابط مستعمل أو قديم أو غير مكتمل. افتح أحدث رابط كما هو، أو اطلب رابطًا آخر.
page-not-signed-in-title = { page-failed-title }
page-not-signed-in-lead = الرابط مستعمل أو قديم، أو فُتح في متصفح غير الذي طلبته منه. افتح أحدث رابط في ذلك المتصفح، أو أدخل الرمز فيه.
page-later-title = ليس الآن
page-later-lead = حدث خطأ من جانبنا. يُرجى المحاولة بعد بضع دقائق.

# Refusals and entries that cannot be read, as the person is told of them.
error-user-not-found = لم يعد هذا الحساب موجودًا.
error-identifier-not-found = لم يعد هذا العنوان في حسابك.
error-duplicate = هذا العنوان موجود في حسابك بالفعل.
error-unchanged = العنوان الجديد هو نفسه العنوان الحالي. أدخل عنوانًا آخر.
error-unavailable = لا يمكن استخدام هذا العنوان هنا. أدخل عنوانًا آخر.
error-username-taken = اسم المستخدم هذا مستعمل. اختر اسمًا آخر.
error-resting = كان هذا العنوان تابعًا لحساب آخر حتى وقت قريب. أدخل عنوانًا آخر، أو انتظر { duration } ثم حاول مرة أخرى.
error-already-verified = هذا العنوان مؤكد بالفعل.
error-no-challenge = لم يعد هذا الرمز صالحًا. اطلب رمزًا جديدًا.
error-expired = انتهت صلاحية هذا الرمز. اطلب رمزًا جديدًا.
error-too-many-failures = أُدخلت رموز خاطئة كثيرة. اطلب المساعدة من فريق الدعم.
error-too-many-failures-wait = أُدخلت رموز خاطئة كثيرة. انتظر { duration } ثم حاول مرة أخرى.
error-too-soon = أُرسلت رسالة قبل وقت قصير. انتظر { duration } ثم حاول مرة أخرى.
error-key-gone = { error-no-challenge }
error-not-verified = لم يُؤكَّد هذا العنوان بعد. أكِّده أولًا.
error-last-verified = هذا آخر عنوان مؤكد لك. أكِّد عنوانًا آخر أولًا.
error-administrator-only = لا يمكنك فعل ذلك بنفسك. اطلب المساعدة من فريق الدعم.
error-disabled = هذا الحساب موقوف. اطلب المساعدة من فريق الدعم.
error-too-many-identifiers = { $channel ->
    [email] لديك عناوين بريد إلكتروني كثيرة. أزل أحدها أو اطلب المساعدة من فريق الدعم.
   *[phone] لديك أرقام هاتف كثيرة. أزل أحدها أو اطلب المساعدة من فريق الدعم.
}
error-username-is-address = لا يمكن أن يشبه اسم المستخدم بريدًا إلكترونيًا أو رقم هاتف. اختر اسمًا آخر.
error-too-large = أحد النصوص التي أدخلتها أطول من اللازم. اختصره.
error-nul = في أحد النصوص التي أدخلتها حرف لا يمكن استخدامه. اكتب النص من جديد.
error-life = { error-other }
error-disavowal-forged = هذا الرابط ليس منا. افتحه كما أُرسل تمامًا.
error-disavowal-key-gone = لم يعد هذا الرابط صالحًا. اطلب المساعدة من فريق الدعم.
error-disavowal-used = استُعمل هذا الرابط من قبل، وقد أُلغي التغيير.
error-disavowal-over = فات الأوان لإلغاء هذا التغيير بنفسك. اطلب المساعدة من فريق الدعم.
error-nothing-to-undo = لم يبقَ ما يمكن إلغاؤه، فقد تغيّر ذلك مرة أخرى منذ ذلك الحين.
error-taken-since = لا يمكن إلغاء ذلك لأن العنوان أصبح لشخص آخر. اطلب المساعدة من فريق الدعم.
error-contested = أثبتَّ هذا العنوان، ولدى شخص آخر هذا العنوان أيضًا. انتظر حتى يُحسم لمن يعود.
error-no-contest = حُسم هذا الأمر من قبل.
error-other = حدث خطأ ما. يُرجى المحاولة لاحقًا.

error-email-empty = أدخل عنوان بريد إلكتروني.
error-email-too-long = عنوان البريد الإلكتروني أطول من اللازم. تحقق منه.
error-email-missing-at = تنقص عنوان البريد الإلكتروني علامة @.
error-email-several-ats = أدخل عنوان بريد إلكتروني واحدًا فقط: فيه أكثر من علامة @.
error-email-quoted = أدخل عنوان البريد الإلكتروني من دون علامات تنصيص.
error-email-display-name = أدخل عنوان البريد الإلكتروني وحده، من دون اسم أو أقواس.
error-email-comment = أدخل عنوان البريد الإلكتروني من دون أقواس.
error-email-address-literal = أدخل عنوان البريد الإلكتروني من دون أقواس مربعة.
error-email-local-part = تحقق من الجزء الذي يسبق علامة @ في عنوان البريد الإلكتروني.
error-email-local-part-too-long = الجزء الذي يسبق علامة @ في عنوان البريد الإلكتروني أطول من اللازم. تحقق منه.
error-email-domain = تحقق من الجزء الذي يلي علامة @ في عنوان البريد الإلكتروني.
error-email-domain-too-long = الجزء الذي يلي علامة @ في عنوان البريد الإلكتروني أطول من اللازم. تحقق منه.
error-email-label-too-long = { error-email-domain-too-long }
error-email-single-label = نهاية عنوان البريد الإلكتروني ناقصة. تحقق منها.
error-email-numeric-top-level = لا يمكن أن ينتهي عنوان البريد الإلكتروني برقم. تحقق منه.
error-email-international-domain = في الجزء الذي يلي علامة @ في عنوان البريد الإلكتروني حرف لا يمكن استخدامه. تحقق منه.
error-email-domain-ascii-twin = اكتب الجزء الذي يلي علامة @ في عنوان البريد الإلكتروني بحروف ونقاط عادية.
error-email-stored = { error-other }

error-character-white-space = احذف المسافات.
error-character-control = توجد رموز لا تظهر. احذف ما كتبته واكتبه من جديد.
error-character-invisible = { error-character-control }
error-character-unassigned = توجد رموز لا يمكن استخدامها. احذفها.
error-character-ascii-twin = اكتبه بحروف وعلامات عادية.
error-character-leading-mark = احذف علامة التشكيل التي لا حرف لها.

error-phone-empty = أدخل رقم هاتف.
error-phone-too-long = رقم الهاتف أطول من اللازم. أدخل رقمًا واحدًا.
error-phone-too-short = رقم الهاتف أقصر من اللازم. أدخله كاملًا مع رمز المنطقة.
error-phone-missing-plus = ابدأ رقم الهاتف بعلامة + ورمز البلد.
error-phone-misplaced-plus = اكتب علامة + مرة واحدة فقط في بداية رقم الهاتف.
error-phone-letters = اكتب رقم الهاتف بالأرقام من دون حروف.
error-phone-extension = أدخل رقم الهاتف من دون رقم تحويلة.
error-phone-parameter = أدخل رقم الهاتف وحده من دون أي شيء بعده.
error-phone-character = في رقم الهاتف رمز لا مكان له فيه. احذفه.
error-phone-unknown-country-code = لا يوجد بلد له هذا الرمز. تحقق منه.
error-phone-invalid-number = لا يوجد رقم هاتف كهذا. تحقق منه.
error-region-unknown = اختر بلدًا.

error-username-empty = أدخل اسم مستخدم.
error-username-too-long = اسم المستخدم أطول من اللازم. اختر اسمًا أقصر.
error-username-stored = { error-other }
error-code-empty = أدخل الرمز الوارد في الرسالة.
error-code-too-long = ما كتبته أطول من أن يكون رمزًا. أدخل الرمز الوارد في الرسالة فقط.
error-link-malformed = هذا الرابط غير مكتمل. افتحه كما أُرسل تمامًا.
error-disavowal-malformed = { error-link-malformed }
