"""Says what phonenumbers and email-validator make of a text.

Usage: oracle.py VERSION, where VERSION is the version of phonenumbers to ask. Standard input holds a JSON request a
line, standard output gets a JSON answer a line:

    {"email": text}                   {"local": .., "domain": ..} or {"refused": ..}; both with "unassigned": bool
    {"phone": text, "region": ..}     {"e164": .., "type": .., "region": ..} or {"refused": ..}
    {"forms": E.164}                  [[name of the form, text, region or null], ..]
    {"examples": true}                [E.164, ..] of every region and type
"""

import json
import os
import sys
import unicodedata

VERSION = sys.argv[1]
sys.path.insert(0, os.path.join(sys.prefix, f"plans-{VERSION}"))

try:
    import email_validator
    import phonenumbers
except ImportError as error:
    sys.exit(f"{sys.executable}: {error}: install oracle/requirements.txt with pip, or unset IDENTITY_ORACLE_PYTHON")

for name, found, wanted in [
    ("phonenumbers", phonenumbers.__version__, VERSION),
    ("email-validator", email_validator.__version__, "2.4.0"),
]:
    if found != wanted:
        sys.exit(f"{sys.executable} has {name} {found} where {wanted} is needed: install oracle/requirements.txt, and "
                 f"oracle/plans.txt with pip's --target={sys.prefix}/plans-9.0.33, or unset IDENTITY_ORACLE_PYTHON")

# Which names are reserved changes; the grammar does not.
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()


def email(text):
    answer = {"unassigned": any(unicodedata.category(c) == "Cn" for c in text)}
    try:
        read = email_validator.validate_email(
            text, allow_smtputf8=True, allow_empty_local=False, allow_quoted_local=False, allow_domain_literal=False,
            allow_display_name=False, strict=True, check_deliverability=False, globally_deliverable=True)
    except email_validator.EmailNotValidError as error:
        return {**answer, "refused": str(error)}
    return {**answer, "local": read.local_part, "domain": read.ascii_domain}


def e164(number):
    return number and phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def phone(text, region):
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        return {"refused": str(error)}
    if not phonenumbers.is_valid_number(number):
        return {"refused": "not a valid number"}
    return {
        "e164": e164(number),
        "type": phonenumbers.PhoneNumberType.to_string(phonenumbers.number_type(number)),
        "region": phonenumbers.region_code_for_number(number),
    }


def digits_of(zero, text):
    return "".join(chr(ord(zero) + int(c)) if c in "0123456789" else c for c in text)


def forms(text):
    number = phonenumbers.parse(text, None)
    region = phonenumbers.region_code_for_number(number)
    style = phonenumbers.PhoneNumberFormat
    international = phonenumbers.format_number(number, style.INTERNATIONAL)
    made = [
        ("e164", text, None),
        ("international", international, None),
        ("rfc3966", phonenumbers.format_number(number, style.RFC3966), None),
        ("padded", f"  {international} ", None),
        ("full-width", digits_of("\uff10", text.replace("+", "\uff0b")), None),
        ("arabic-indic", digits_of("\u0660", text), None),
    ]
    if region and region != "001":
        made.append(("national", phonenumbers.format_number(number, style.NATIONAL), region))
        made.append(("bare", phonenumbers.national_significant_number(number), region))
        for abroad in ("FR", "JP"):
            if abroad != region:
                made.append(("from abroad", phonenumbers.format_out_of_country_calling_number(number, abroad), abroad))
    return made


def examples():
    found = set()
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in phonenumbers.PhoneNumberType.values():
            found.add(e164(phonenumbers.example_number_for_type(region, kind)))
    for code in sorted(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS):
        found.add(e164(phonenumbers.example_number_for_non_geo_entity(code)))
    return sorted(found - {None})


def answer(request):
    if "email" in request:
        return email(request["email"])
    if "phone" in request:
        return phone(request["phone"], request["region"])
    return forms(request["forms"]) if "forms" in request else examples()


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))))
