iif(p.record ->> 'v' = 1, json_object('credentials', p.record -> 'k', 'sign_ins', p.record -> 's'), p.record -> 'e')
