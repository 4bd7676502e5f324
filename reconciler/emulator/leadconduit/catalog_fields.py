"""Standard fields: those that every LeadConduit account has and none can change.

A choice of the real ones, with the unevenness of the real list: old ones lack `standard`, many have no timestamps, some
carry `examples` or an empty `see`.
"""

from __future__ import annotations

from typing import Any

_PLAIN = """
first_name:first_name last_name:last_name email:email email_2:email phone_1:phone phone_2:phone phone_3:phone
address_1:street address_2:string city:city state:state county:string country:string postal_code:postal_code
dob:date age:range gender:gender ssn:ssn ip_address:ip trustedform_cert_url:trustedform_url
universal_leadid:string title:string salutation:string suffix:string middle_initial:string
preferred_name:string comments:string reference:string price:number language:string
marital_status:string ethnicity:string education_level:string military_status:string occupation:string
annual_salary:number annual_income:range household_income:range net_worth:range credit_rating:string credit_score:range
best_time_to_call:string appointment:time preferred_contact_method:string
opt_in:boolean opt_in_email:boolean opt_in_sms:boolean tcpa_consent:boolean tcpa_consent_text:string
campaign_account:string campaign_content:string campaign_id:string campaign_medium:string campaign_name:string
campaign_source:string campaign_term:string keyword:string referring_url:url landing_page_url:url user_agent:string
utm_campaign:string utm_content:string utm_medium:string utm_source:string utm_term:string
affiliate_id:string affiliate_name:string sub_id:string sub_id_2:string publisher_id:string publisher_name:string
source_id:string source_name:string creative_id:string click_id:string gclid:string fbclid:string transaction_id:string
is_batch_lead:boolean is_test:boolean timestamp:time date:date product:string product_id:string category:string
quantity:number budget:range amount:range timeframe:string project_type:string service_type:string
apiuser:string apisecret:credential apn:string baby_due_date:date loan_amount:range
facebook.page_id:string facebook.page_name:string facebook.form_id:string facebook.form_name:string
facebook.ad_id:string facebook.ad_name:string facebook.adset_id:string facebook.adset_name:string
facebook.campaign_id:string facebook.campaign_name:string facebook.lead_id:string facebook.platform:string
google.campaign_id:string google.form_id:string google.lead_id:string google.adgroup_id:string
call.direction:string call.duration:number call.status:string call.url:url call.called_phone:phone
call.caller_name:string call.forwarded_from_phone:phone call.forwarded_to_phone:phone
company.name:string company.title:string company.size:range company.revenue:range company.industry:string
company.phone:phone company.email:email company.website:url company.address_1:street company.city:city
company.state:state company.postal_code:postal_code company.country:string company.type:string company.years:number
agent.name:string agent.phone_1:phone agent.email:email agent.company:string
mortgage.annual_income:range mortgage.down_payment:range mortgage.loan_type:string mortgage.loan_purpose:string
mortgage.loan.amount:range mortgage.loan.interest_rate:number mortgage.loan.term:range mortgage.credit_rating:string
mortgage.bankruptcy:boolean mortgage.foreclosure:boolean mortgage.current_lender:string mortgage.balance:range
mortgage.interest_rate:number mortgage.property.type:string mortgage.property.value:range
mortgage.property.postal_code:postal_code mortgage.property.state:state mortgage.property.city:city
mortgage.property.use:string mortgage.second_mortgage:boolean mortgage.va_eligible:boolean
mortgage.first_time_buyer:boolean mortgage.cash_out:range mortgage.ltv:range
loan.amount:range loan.purpose:string loan.term:range loan.type:string
property.type:string property.value:range property.ownership:string property.year_built:number property.sqft:range
property.postal_code:postal_code property.state:state property.city:city property.address_1:street
homeowner:boolean own_or_rent:string home_type:string home_value:range years_at_residence:range
solar.electric_bill:range solar.utility_provider:string solar.roof_type:string solar.roof_shade:string
solar.roof_age:range solar.property_ownership:string solar.system_size:range solar.credit_score:range
electric_bill:range utility_provider:string roof_shade:string roof_type:string
home_improvement.project:string home_improvement.windows.count:number home_improvement.roofing.type:string
home_improvement.start_date:string home_improvement.hvac.type:string home_improvement.siding.type:string
insurance.type:string insurance.carrier:string insurance.coverage_type:string insurance.expiration_date:date
insurance.premium:range insurance.insured_since:date insurance.current:boolean insurance.policy_start_date:date
auto.make:string auto.model:string auto.year:number auto.trim:string auto.vin:string auto.mileage:range auto.use:string
auto_insurance.accidents:number auto_insurance.violations:number auto_insurance.sr_22:boolean
auto_insurance.license_status:string life_insurance.coverage_amount:range life_insurance.tobacco:boolean
health_insurance.pre_existing_conditions:boolean health_insurance.household_size:number
health_insurance.tobacco:boolean health_insurance.height:string health_insurance.weight:range
health.medicare_eligible:boolean medicare.part_a:boolean medicare.part_b:boolean
education.level:string education.program:string education.start_date:date education.campus:string
education.graduation_year:number education.gpa:number education.military:boolean education.school:string
debt.amount:range debt.type:string debt.behind_on_payments:boolean debt.credit_card:range debt.monthly_payment:range
tax.debt:range tax.type:string tax.years_owed:range bankruptcy.type:string legal.case_type:string
legal.incident_date:date legal.represented:boolean legal.injured:boolean legal.description:string
retirement.amount:range retirement.age:range employment.status:string employment.employer:string
employment.length:range employment.monthly_income:range employment.pay_frequency:string bank.name:string
bank.account_type:string travel.destination:string travel.departure_date:date travel.travelers:number
moving.from.postal_code:postal_code moving.to.postal_code:postal_code moving.date:date moving.bedrooms:number
child.name:string child.age:range senior_care.type:string senior_care.resident:string senior_care.move_date:string
security.type:string security.entrances:number vehicle.make:string vehicle.model:string vehicle.year:number
survey.question_1:string survey.question_2:string survey.answer_1:string survey.answer_2:string
trustedform.ping_url:url trustedform.token:string jornaya.leadid:string
"""

_NO_STANDARD = frozenset({"agent.name", "agent.phone_1", "agent.email", "phone_3", "mortgage.loan_type", "tax.type"})
_EXAMPLES: dict[str, list[Any]] = {
    "address_2": ["Unit C", "Box 215", "#123"],
    "campaign_medium": ["email", "cost-per-click"],
    "call.direction": ["inbound", "outbound"],
    "state": ["TX", "Texas"],
    "sub_id": ["sub_id", "my-affiliate", "12345"],
}
_ACRONYMS = {"id": "ID", "ip": "IP", "url": "URL", "dob": "DOB", "ssn": "SSN", "utm": "UTM", "apn": "APN", "vin": "VIN"}


def _label(field_id: str) -> str:
    return " ".join(_ACRONYMS.get(word, word.capitalize()) for word in field_id.replace(".", "_").split("_"))


def _field(field_id: str, field_type: str, position: int) -> dict[str, Any]:
    field: dict[str, Any] = {"id": field_id, "name": _label(field_id), "type": field_type}
    if position % 8:
        field["description"] = f"The {_label(field_id).lower()} of the lead"
    if field_id in _EXAMPLES:
        field["examples"] = _EXAMPLES[field_id]
    if field_id not in _NO_STANDARD:
        field["standard"] = True
    if position % 2:
        field["see"] = ""
        field["created_at"] = f"2016-06-{1 + position % 28:02d}T20:38:49.{position:03d}Z"
        field["updated_at"] = f"2017-10-{1 + position % 28:02d}T15:36:00.{position:03d}Z"
    if position % 11:
        field["aggregate"] = field_type not in {"street", "url", "first_name", "last_name", "email"}
    return field


def _fields() -> list[dict[str, Any]]:
    pairs = [word.partition(":") for word in _PLAIN.split()]
    fields = [_field(field_id, field_type, position) for position, (field_id, _, field_type) in enumerate(pairs)]
    # a type that may not be chosen any more, and an old field that points to its successor
    fields.append({"id": "mortgage.loan.fees", "name": "Loan Fees", "type": "array", "standard": True})
    fields.append(
        {
            "id": "zip",
            "name": "Zip",
            "type": "postal_code",
            "standard": True,
            "deprecated": True,
            "see": "postal_code",
            "aggregate": False,
        }
    )
    return fields


STANDARD_FIELDS = _fields()
