o.tenant, o.user_id, o.id, o.format, o.channel, o.address, o.typed, o.content, o.locale, o.created_at, o.expires_at, o.due_at,
    o.attempts, o.uncertain, o.provider, o.reference, o.sent_at, o.failed_at, o.error, o.report, o.reported_at, o.report_detail
