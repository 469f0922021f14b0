SELECT max(number), json_group_array(json_object('v', format, 'at', at, 'actor', json(iif(actor IS NULL, '"holder"',
  json_object('administrator', actor))), 'change', json(iif(json_valid(change), change, 'null'))) ORDER BY number)
  FROM identity_old_events WHERE tenant = ?1 AND user_id = ?2 AND number > ?3 AND number <= ?4 HAVING count(*) > 0
