duration = { $unit ->
    [days] { $count }日間
    [hours] { $count }時間
   *[minutes] { $count }分間
}
date = { $year }年{ $month }月{ $day }日 { $time }(UTC)

code-subject = { $brand }の確認コード
code-title = 確認コード
code-lead = このアドレスがご本人のものであることを確認するため、コードを請求した画面に次のコードを入力してください。
link-subject = { $brand }のメールアドレスをご確認ください
link-title = メールアドレスの確認
link-lead = このアドレスがご本人のものであることを確認するため、次のページを開き、ボタンを押してください。
code-and-link-subject = { $brand }のメールアドレスをご確認ください
code-and-link-title = メールアドレスの確認
code-and-link-lead = コードを請求した画面に次のコードを入力するか、下のページを開いてボタンを押してください。どちらか一方で完了します。
sign-in-code-subject = { $brand }へのログイン用コード
sign-in-code-title = ログイン用コード
sign-in-code-lead = ログインするには、コードを請求した画面に次のコードを入力してください。
sign-in-link-subject = { $brand }へのログイン
sign-in-link-title = ログイン
sign-in-link-lead = ログインするには、請求したブラウザーで次のページを開き、ボタンを押してください。
sign-in-code-and-link-subject = { $brand }へのログイン
sign-in-code-and-link-title = ログイン
sign-in-code-and-link-lead = コードを請求した画面に次のコードを入力するか、同じブラウザーで下のページを開いてボタンを押してください。どちらか一方で完了します。
step-up-code-subject = { $brand }でのご本人の確認
step-up-code-title = ご本人の確認
step-up-code-lead = ご本人であることを確認するため、コードを請求した画面に次のコードを入力してください。

button = ページを開く
copy = ボタンが動作しない場合は、次のアドレスをブラウザーにコピーしてください。
expiry = 有効期間は{ duration }です。
keep-secret = 誰にも教えないでください。当社が電話やメールでお尋ねすることはありません。
unasked = お心当たりがない場合は、何もする必要はありません。このメッセージなしに、あなたのアドレスを確認することは誰にもできません。
unasked-sign-in = お心当たりがない場合は、何もする必要はありません。このメッセージなしに、ログインすることは誰にもできません。
unasked-step-up = お心当たりがない場合は、ほかの人があなたのアカウントを使っているおそれがあります。コードを入力せず、アカウントを確認してください。

added-subject = { $brand }のアカウントに連絡先が追加されました
added-title = 連絡先が追加されました
added-lead = { $channel ->
    [email] { $brand }のアカウントにメールアドレス{ $about }が追加されました。まだ確認されていません。
   *[phone] { $brand }のアカウントに電話番号{ $about }が追加されました。まだ確認されていません。
}
verified-subject = { $brand }のアカウントの連絡先が確認されました
verified-title = 連絡先が確認されました
verified-lead = { $channel ->
    [email] { $brand }のアカウントのメールアドレス{ $about }が確認されました。
   *[phone] { $brand }のアカウントの電話番号{ $about }が確認されました。
}
made-primary-subject = { $brand }のアカウントのメインの連絡先が変わりました
made-primary-title = メインの連絡先の変更
made-primary-lead = { $channel ->
    [email] メールアドレス{ $about }が、{ $brand }のアカウントのメインの連絡先になりました。
   *[phone] 電話番号{ $about }が、{ $brand }のアカウントのメインの連絡先になりました。
}
removed-subject = { $brand }のアカウントから連絡先が削除されました
removed-title = 連絡先が削除されました
removed-lead = { $channel ->
    [email] { $brand }のアカウントからメールアドレス{ $about }が削除されました。
   *[phone] { $brand }のアカウントから電話番号{ $about }が削除されました。
}
replaced-subject = { $brand }のアカウントの連絡先が変更されました
replaced-title = 連絡先が変更されました
replaced-lead = { $channel ->
    [email] { $brand }のアカウントで、以前の連絡先がメールアドレス{ $about }に変更されました。
   *[phone] { $brand }のアカウントで、以前の連絡先が電話番号{ $about }に変更されました。
}
scheduled-subject = { $brand }のアカウントの連絡先が削除または変更されます
scheduled-title = 連絡先が削除または変更されます
scheduled-lead = { $channel ->
    [email] { $brand }のアカウントからメールアドレス{ $about }を削除または変更する手続きが行われました。
   *[phone] { $brand }のアカウントから電話番号{ $about }を削除または変更する手続きが行われました。
}
takes-effect = 反映までの残り時間は{ duration }です。
unverified-subject = { $brand }のアカウントの連絡先の確認が取り消されました
unverified-title = 連絡先の確認が取り消されました
unverified-lead = { $channel ->
    [email] { $brand }のアカウントのメールアドレス{ $about }の確認が取り消されました。
   *[phone] { $brand }のアカウントの電話番号{ $about }の確認が取り消されました。
}
undone-subject = { $brand }のアカウントの変更が取り消されました
undone-title = 変更が取り消されました
undone-lead = { $channel ->
    [email] 通知のリンクを使って、{ $brand }のアカウントの変更が取り消されました。対象はメールアドレス{ $about }です。
   *[phone] 通知のリンクを使って、{ $brand }のアカウントの変更が取り消されました。対象は電話番号{ $about }です。
}
contested-subject = { $brand }のアカウントの連絡先がほかの方によって証明されました
contested-title = ほかの方があなたの連絡先を証明しました
contested-lead = { $channel ->
    [email] { $brand }のアカウントで確認済みのメールアドレス{ $about }を、ほかの方が証明しました。すでにご自身のものでない場合は、何もする必要はありません。アカウントから外れます。ご自身のものである場合は、異議を申し立ててください。
   *[phone] { $brand }のアカウントで確認済みの電話番号{ $about }を、ほかの方が証明しました。すでにご自身のものでない場合は、何もする必要はありません。アカウントから外れます。ご自身のものである場合は、異議を申し立ててください。
}
contest-ended-subject = { $brand }のアカウントの連絡先の持ち主が決まりました
contest-ended-title = 変更はありません
contest-ended-lead = { $channel ->
    [email] メールアドレス{ $about }の持ち主が決まりました。{ $brand }のアカウントではこれまでどおりです。
   *[phone] 電話番号{ $about }の持ち主が決まりました。{ $brand }のアカウントではこれまでどおりです。
}
when = 日時: { date }
not-you = お心当たりがない場合は、すぐにログインして連絡先を確認してください。
not-you-with-password = お心当たりがない場合は、すぐにログインして連絡先を確認し、パスワードを変更してください。
undo = お心当たりがない場合は、ログインせずに次のページで取り消すことができます。
undo-button = 心当たりがありません
support = お困りの場合は、こちらにお問い合わせください:
home = トップページに戻る
automatic = このメッセージは{ $brand }が自動送信しています。返信いただいてもお答えできません。

sms-code = { $brand }: 確認コードは{ $code }です。有効期間{ duration }。
sms-code-short = { $brand }: { $code }
sms-link = { $brand }: 番号を確認してください(有効期間{ duration }): { $link }
sms-sign-in-code = { $brand }: ログイン用コードは{ $code }です。有効期間{ duration }。
sms-sign-in-link = { $brand }: ログインしてください(有効期間{ duration }): { $link }
sms-step-up-code = { $brand }: 本人確認コードは{ $code }です。有効期間{ duration }。
sms-added = { $brand }: { $about }が追加されました。お心当たりがなければ確認を。
sms-verified = { $brand }: { $about }が確認されました。お心当たりがなければ確認を。
sms-made-primary = { $brand }: { $about }がメインになりました。お心当たりがなければ確認を。
sms-removed = { $brand }: { $about }が削除されました。お心当たりがなければ確認を。
sms-replaced = { $brand }: { $about }に変更されました。お心当たりがなければ確認を。
sms-scheduled = { $brand }: { $about }は削除予定です。お心当たりがなければ確認を。
sms-unverified = { $brand }: { $about }の確認は取消。お心当たりがなければ確認を。
sms-undone = { $brand }: { $about }の変更は取消。お心当たりがなければ確認を。
sms-contested = { $brand }: { $about }をほかの方が証明。ご自身のものなら確認を。
sms-contest-ended = { $brand }: { $about }の持ち主が決定。変更はありません。

account-title = あなたの連絡先
account-email = メールアドレス
account-phone = 電話番号
account-none = まだありません。
account-primary = メイン
account-confirmed = 確認済み
account-unconfirmed = 未確認
account-undeliverable = この連絡先にはメッセージが届きません。
account-replaces = 確認されると、次の連絡先と入れ替わります:
account-going = この連絡先は削除または変更される予定です。
account-keep = この連絡先を残す
account-add-title = 連絡先の追加
account-address = メールアドレスまたは電話番号
account-address-hint = 電話番号は+と国番号から入力してください(例: +44 1514 960453)。
account-add = 追加する
account-confirm-title = この連絡先の確認
account-code = 確認コード
account-sent = この連絡先にコードを送信しました。{ expiry }
account-confirm = 確認する
account-send = コードを送信する
account-send-again = コードをもう一度送信する
account-make-primary = メインの連絡先にする
account-replace-title = この連絡先を変更する
account-new-address = { $channel ->
    [email] 新しいメールアドレス
   *[phone] 新しい電話番号
}
account-replace-hint = 確認済みの連絡先は、新しい連絡先が確認されるまで残ります。
account-replace = 変更する
account-remove-title = この連絡先を削除する
account-remove-lead = この連絡先はあなたのアカウントのものではなくなります。
account-remove = 削除する
account-back = 連絡先の一覧に戻る
account-said-verified = 連絡先が確認されました。
account-said-primary = この連絡先がメインになりました。
account-said-removed = 連絡先が削除されました。
account-wrong-code = コードが正しくありません。残りの回数: { $tries }
account-incomplete = フォームが不完全でした。もう一度お試しください。
account-too-long = 長すぎます。短くしてください。
account-stale = このページを開いてから時間が経ちすぎたか、ここから送信されなかったため、何も変更されませんでした。もう一度お試しください。

enter-title = ログイン
enter-title-open = 新規登録またはログイン
enter-send = コードを送信する
enter-code-title = 確認コードの入力
enter-sent = このアドレスをご利用になれる場合は、コードをお送りしています。
enter-wrong-code = コードが正しくありません。
enter-other = 別のアドレスを使う
enter-ask-lead = { $brand }にログインするには、ボタンを押してください。お心当たりがない場合は、このページを閉じてください。何も起こりません。

page-ask-title = { $about }はあなたの連絡先ですか?
page-ask-lead = { $brand }のアカウントでこの連絡先を確認するには、ボタンを押してください。お心当たりがない場合は、このページを閉じてください。何も変更されません。
page-ask-button = アドレスを確認する
page-confirmed-title = ありがとうございます
page-confirmed-lead = アドレスが確認されました。このページを閉じてもかまいません。
page-contested-title = 連絡先が証明されました
page-contested-lead = ほかの方もこの連絡先をお持ちです。持ち主が決まると、アカウントで確認済みになります。このページを閉じてもかまいません。
page-undo-title = お心当たりはありませんか?
page-undo-lead = この変更を取り消すには、ボタンを押してください。ご自身で変更した場合は、このページを閉じてください。何も変更されません。
page-undone-title = 変更を取り消しました
page-undone-lead = アカウントのすべての連絡先にお知らせしました。ログインしてアカウントを確認してください。
page-failed-title = 確認できませんでした
page-failed-lead = リンクが使用済みか、古いか、不完全です。最新のリンクをそのまま開くか、もう一度請求してください。
page-not-signed-in-title = { page-failed-title }
page-not-signed-in-lead = リンクが使用済みか、古いか、請求したときとは別のブラウザーで開かれています。請求したブラウザーで最新のリンクを開くか、その画面にコードを入力してください。
page-later-title = 現在ご利用いただけません
page-later-lead = こちらで問題が発生しました。数分後にもう一度お試しください。

# Refusals and entries that cannot be read, as the person is told of them.
error-user-not-found = このアカウントは存在しません。
error-identifier-not-found = この連絡先はアカウントに登録されていません。
error-duplicate = この連絡先はすでに登録されています。
error-unchanged = 新しい連絡先が現在のものと同じです。別の連絡先を入力してください。
error-unavailable = この連絡先はご利用いただけません。別の連絡先を入力してください。
error-username-taken = このユーザー名はすでに使われています。別の名前を選んでください。
error-resting = この連絡先は最近まで別のアカウントで使われていました。別の連絡先を入力するか、{ duration }待ってから、もう一度お試しください。
error-already-verified = この連絡先はすでに確認されています。
error-no-challenge = このコードは使用できません。新しいコードを請求してください。
error-expired = コードの有効期限が切れています。新しいコードを請求してください。
error-too-many-failures = 誤ったコードが多く入力されました。サポートにお問い合わせください。
error-too-many-failures-wait = 誤ったコードが多く入力されました。{ duration }待ってから、もう一度お試しください。
error-too-soon = 少し前にメッセージを送信しました。{ duration }待ってから、もう一度お試しください。
error-key-gone = { error-no-challenge }
error-not-verified = この連絡先はまだ確認されていません。先に確認してください。
error-last-verified = 確認済みの連絡先はこれだけです。先に別の連絡先を確認してください。
error-administrator-only = この操作はご自身では行えません。サポートにお問い合わせください。
error-disabled = このアカウントは停止されています。サポートにお問い合わせください。
error-too-many-identifiers = { $channel ->
    [email] メールアドレスの数が上限に達しました。どれかを削除するか、サポートにお問い合わせください。
   *[phone] 電話番号の数が上限に達しました。どれかを削除するか、サポートにお問い合わせください。
}
error-username-is-address = メールアドレスや電話番号に見えるユーザー名は使えません。別の名前を選んでください。
error-too-large = 入力された内容が長すぎます。短くしてください。
error-nul = 使用できない文字が含まれています。もう一度入力してください。
error-life = { error-other }
error-disavowal-forged = このリンクは当サービスのものではありません。送信されたリンクをそのまま開いてください。
error-disavowal-key-gone = このリンクはもう使用できません。サポートにお問い合わせください。
error-disavowal-used = このリンクは使用済みです。変更は取り消されました。
error-disavowal-over = ご自身でこの変更を取り消せる期間は終了しました。サポートにお問い合わせください。
error-nothing-to-undo = 取り消すものはありません。その後さらに変更されています。
error-taken-since = この連絡先は現在ほかの方のものであるため、取り消せません。サポートにお問い合わせください。
error-contested = この連絡先は証明済みですが、ほかの方もお持ちです。持ち主が決まるまでお待ちください。
error-no-contest = これはすでに決まっています。
error-other = 問題が発生しました。しばらくしてからもう一度お試しください。

error-email-empty = メールアドレスを入力してください。
error-email-too-long = メールアドレスが長すぎます。確認してください。
error-email-missing-at = メールアドレスに@がありません。
error-email-several-ats = メールアドレスは1つだけ入力してください。@が2つ以上あります。
error-email-quoted = メールアドレスは引用符なしで入力してください。
error-email-display-name = 名前や山括弧を付けずに、メールアドレスだけを入力してください。
error-email-comment = メールアドレスは丸括弧なしで入力してください。
error-email-address-literal = メールアドレスは角括弧なしで入力してください。
error-email-local-part = メールアドレスの@より前の部分を確認してください。
error-email-local-part-too-long = メールアドレスの@より前の部分が長すぎます。確認してください。
error-email-domain = メールアドレスの@より後の部分を確認してください。
error-email-domain-too-long = メールアドレスの@より後の部分が長すぎます。確認してください。
error-email-label-too-long = { error-email-domain-too-long }
error-email-single-label = メールアドレスの末尾(.jpなど)がありません。確認してください。
error-email-numeric-top-level = メールアドレスの末尾を数字にすることはできません。確認してください。
error-email-international-domain = メールアドレスの@より後の部分に使用できない文字があります。確認してください。
error-email-domain-ascii-twin = メールアドレスの@より後の部分は、半角の文字で入力してください。
error-email-stored = { error-other }

error-character-white-space = 空白を取り除いてください。
error-character-control = 目に見えない文字が含まれています。一度消してから、もう一度入力してください。
error-character-invisible = { error-character-control }
error-character-unassigned = 使用できない文字が含まれています。取り除いてください。
error-character-ascii-twin = 通常の文字と記号で入力してください。
error-character-leading-mark = 文字に付いていないアクセント記号を取り除いてください。

error-phone-empty = 電話番号を入力してください。
error-phone-too-long = 電話番号が長すぎます。番号を1つだけ入力してください。
error-phone-too-short = 電話番号が短すぎます。市外局番から入力してください。
error-phone-missing-plus = 電話番号は、+と国番号から始めて入力してください。
error-phone-misplaced-plus = +は電話番号の先頭に1回だけ入力してください。
error-phone-letters = 電話番号は数字だけで入力してください。
error-phone-extension = 電話番号は内線番号なしで入力してください。
error-phone-parameter = 電話番号だけを入力してください。後ろには何も付けないでください。
error-phone-character = 電話番号に使用できない文字が含まれています。取り除いてください。
error-phone-unknown-country-code = この国番号は存在しません。確認してください。
error-phone-invalid-number = この電話番号は存在しません。確認してください。
error-region-unknown = 国を選んでください。

error-username-empty = ユーザー名を入力してください。
error-username-too-long = ユーザー名が長すぎます。短い名前を選んでください。
error-username-stored = { error-other }
error-code-empty = メッセージに記載されたコードを入力してください。
error-code-too-long = コードとしては長すぎます。メッセージに記載されたコードだけを入力してください。
error-link-malformed = リンクが不完全です。送信されたリンクをそのまま開いてください。
error-disavowal-malformed = { error-link-malformed }
