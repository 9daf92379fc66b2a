"""What a model's sentence may not say: orders, doses and words that lower an alarm, in Chinese and English.

Rules over clauses, not understanding: a sentence refused costs a remark, one let through could be followed, so the doubtful one is
refused. What the patient takes, laboratory values, questions and options left to the doctor pass. Texts are compared without
invisible characters, in half-width, simplified Chinese and lower case.
"""

from __future__ import annotations

import re
import unicodedata

from yingzhi.tools.text import simplify
from yingzhi.tools.untrusted import strip_invisible

SENTENCE = re.compile(r"(?<=[.!?;])\s+|(?<=[。!?;])|\n+")
CLAUSE = re.compile(r"[,:、()\[\]\"“”]|—+|(?<=\s)-(?=\s)|\b(?:but|however)\b|但")
QUESTION = re.compile(
    r"^\W*(?!why not)(?:is|are|was|were|do|does|did|has|have|had|can|could|should|would|will|may|might|what|which|who|when|where|how|why)"
    r"\b.*\?$|(?:吗|呢|是否|能否|可否|有无|有没有|什么|哪|几|多少|多久|为何|何时|会不会|要不要).*\?$",
    re.DOTALL,
)

# an amount of a drug (neither a concentration nor a number of lesions), how often and by which route
UNITS = (
    r"(?:mg|mcg|[µμ]g|ug|g|grams?|milligrams?|micrograms?|ml|iu|u|(?:million )?units?|tablets?|tabs?|capsules?"
    r"|caps?|pills?|puffs?|drops?|sachets?"
    r"|ampoules?|vials?|ftu|patch(?:es)?)(?![a-z])(?!\s*/\s*(?:d?l|ml|mmol|g)\b)"
)
UNITS_ZH = (
    r"(?:毫克|微克|克|毫升|万?单位|万u|%(?:的)?[^,。;]{0,8}(?:软膏|乳膏|洗剂|凝胶|溶液|泡沫)"
    r"|[片粒支丸袋滴喷贴颗瓶包枚](?![状剂]|[^,。;]{0,4}(?:斑|疹|痣|结节|糜烂|疱|皮损|溃疡|鳞屑)))"
)
NUMBER = r"\d+(?:[.,]\d+)*(?:\s*(?:[-~至到]|to)\s*\d+(?:[.,]\d+)*)?"
DOSE = re.compile(
    rf"(?<![\d.]){NUMBER}\s*(?:{UNITS}|{UNITS_ZH}|(?:qd|bid|tid|qid|qn|qod)(?![a-z]))|[一二两三四五六七八九十半]{{1,3}}{UNITS_ZH}"
    r"|\b(?:one|two|three|four|half a)\s+(?:tablet|tab|capsule|cap|pill|puff|drop|sachet)s?\b"
    r"|\d% (?:\w+ )?(?:cream|ointment|lotion|gel|solution|foam)\b"
)
RHYTHM = re.compile(
    r"\b(?:daily|nightly|weekly|monthly|(?:once|twice|(?:two|three|four|\d) times) (?:a|per|every|each) ?(?:day|week|night)"
    r"|(?:a|per|each|every) (?:day|night|week|month|morning|evening|dose)"
    r"|every (?:other|\d+|two|four|six|eight|twelve) ?(?:h|hours?|days?|weeks?)?"
    r"|at (?:bedtime|night)|in the (?:morning|evening)|single dose|stat|prn|[bto]\.?i?\.?d|[bqt]\.?d\.?s|q\.?i\.?d"
    r"|q\.?d|q\.?n|q\.?o\.?d|q\.?\d+ ?[hdw]"
    r"|for \d+ (?:days?|weeks?|months?))\b|/\s*(?:day|d|week|dose|kg)\b"
    r"|每[日天周晚早月次]|每\d+ ?(?:小时|日|天|周)|隔日|[一1][日天周][一二三四两\d]|顿服|晨服|睡前|饭[前后]|连[用服]|疗程"
    r"|[/×x]\s*\d*\s*[日天周次]|(?<![a-z])(?:qd|bid|tid|qid|qn|qod|q\d+h|prn|st)(?![a-z])"
)
ROUTE = re.compile(
    r"\b(?:p\.?o|i\.?v|i\.?m|s\.?c|subcut\w*|orally|oral|by mouth|intravenous\w*|intramuscular\w*)\b"
    r"|(?<![a-z])(?:po|iv|im|ih|sc)(?![a-z])|口服|静[滴注脉]|肌[注内肉]|皮下"
)
BODY_AMOUNT = re.compile(r"protein|urine|excret|\bloss\b|intake|alcohol|drink|smok|蛋白|尿|饮酒|吸烟|抽烟|饮水|丢失|摄入|[白啤]酒")

# statements: what is or was taken, what a label or a study says, what is refused
ON_IT = re.compile(
    r"\b(?:current(?:ly)?|already|takes|taking|(?:is|was|been|remains?|stays?) on|received|(?:home )?medications?|medication list"
    r"|drug history"
    r"|listed|(?:note|record|chart)s? (?:list|say|state|mention|show|name)s?|(?:in|from) the (?:note|record|chart))\b"
    r"|\b(?:on|after|during|since) (?=[a-z]+(?: [a-z]+)? \d)"
    r"|目前|现[用服在](?!开始)|正在|长期|既往|曾|用药史|当前用药|规律服用|自[行服购]|已[经服用予口使]|病历|记载"
)
PAST = re.compile(
    r"\b(?:took|used|was|were|had|has|been|previous(?:ly)?|prior|history|ago|tolerated|reports?|preceded|before onset"
    r"|started (?:\w+ )?(?:\w+ )?(?:days?|weeks?|months?|on day)|started [a-z]+ \d)\b"
    r"|(?<!给)(?<!予)(?<!嘱)(?:患者|病人)|之前|此前|近|服用.{0,12}[年月]|史|诉|(?:病|院|疹|状|诊)前"
    r"|后(?:出现|发生|起|缓解|好转|无效|发疹)|时(?:出现|发生)|期间"
)
ELSEWHERE = re.compile(r"外院|当地|诊所|入院前|发病前|曾")
LIMIT = re.compile(
    r"\b(?:exceed\w*|maximum|label\w*|(?:above|below|over|under|more than|less than) \d|(?:rais|increas)\w* the risk|trials?|study|studies"
    r"|threshold|cumulative|overdose|equivalent|interact\w*|toxic\w*)\b"
    r"|超过|最大|上限|高于|大于|说明书|累积|风险增|增加.{0,6}风险|研究|试验|毒性|相当于|过量"
)
REFUSED = re.compile(
    r"\b(?:(?:do|should|must|is|are) not|avoid|never|cannot|stop|discontinue|withhold|cease|contraindicated)\b"
    r"|不(?:应|宜|要|可|能|建议|得|需|推荐|给)|勿|禁[用止忌]|停[用服药]|避免|暂[停不]"
)
UP_TO_THE_DOCTOR = re.compile(r"是否|能否|医生|医师|可考虑|酌情")

# orders
PRESCRIPTION = re.compile(
    r"\brx\b\s*[:.]|^\W*rx\b|\bdisp(?:ense)?\b\W{0,3}\d|\bsig\s*:"
    r"|\brefills?\b\W{0,3}x?\s*\d|(?:处方|医嘱|用法用量|用法|用量|方药)\s*:"
)
PRESCRIBES = re.compile(
    r"\bprescrib(?:e|ed(?! drug| medic| treat))\b|\bprescribing (?!info|casc|doc|phys|label|clin|dec)"
    r"|开具?[^,。;]{0,8}处方|开立|下达(?:处方|医嘱)|处方给?予|^\W*处方(?![药权中显记的:由])"
)
BY_ANOTHER = re.compile(
    r"\b(?:was|were|had|been|previously|already|recently|earlier|ago|last|by|elsewhere|the prescribed|not|never|cannot|no|before|who|if"
    r"|over"
    r"|self|whether|doctors?|physician|clinician|dermatologist)\b|医生|医师|不|无权|未|勿|曾|外院|既往|当地"
)
STRONG = "take|give|administer|start|begin|initiate|commence|inject|infuse|prescribe|dispense|restart|resume|swallow"
WEAK = (
    "apply|use|continue|increase|reduce|decrease|taper|titrate|double|halve|switch|change"
    "|add|treat|combine|bridge|put|place|keep|maintain|manage"
)
FIRST = r"^\W*(?:\d+\W+)?(?:(?:please|then|next|also|now|immediately|urgently|first|and|or|so|just|therefore|kindly|you)\W+)*"
STRONG_ORDER = re.compile(rf"(?:{FIRST}|\b(?:and|then|please|immediately|now)\s+)(?:{STRONG})\b(?P<object>.*)")
WEAK_ORDER = re.compile(rf"(?:{FIRST}|\b(?:and|then|please)\s+)(?:{WEAK})\b(?!\s+(?:of|in)\b)")
MODAL_ORDER = re.compile(
    r"^(?!\W*(?:if|when|before|unless|once)\b).*"
    r"\b(?:should|must|needs? to|has to|have to|ought to|(?:is|are|patient) to|shall|will|plans? to|going to)\s+"
    rf"(?:(?:be|get|immediately|now|also|then|promptly|urgently)\s+)*(?:{STRONG}|{WEAK}|receive|put|given|begun|treated"
    r"|(?:start|initiat|administer|inject|infus|prescrib|increas|continu|switch|add|us|appli|reduc|taper)e?d)\b"
)
NO_DRUG = re.compile(  # "take a biopsy", "give weight to": what is done without a drug
    r"^\W*(?:(?:a|an|the|with|by|any|another|more|further|new|repeat|full|detailed|careful|clinical|skin|punch|deep|drug|medication|family"
    r"|travel|patient'?s?|serial|baseline|two|blood|tissue|fresh|least|most|invasive|simplest|cheapest)\s+)*"
    r"(?:photo|picture|biops|histor|sample|swab|scraping|culture|specimen|care\b|note|account|into|time|measure|temperature|tests?|blood"
    r"|of\b|from|at\b|home|date|work-?up|investigat|exam|dermoscop|referr|follow|monitor|screen|assess|evaluat|advice|information|leaflet"
    r"|weight|priority|safety|isolation|when|after|before|in\b|as\b|reassur|$)"
)
DRUG = re.compile(
    r"\b[a-z]{2,}(?:olone|asone|isone|onide|cillin|mycin|micin|cycline|floxacin|azole|[aeiou]fine|ovir|mab|cept|tinib|trexate|prine|spo?rin"
    r"|limus|quine?|tadine|zine|amine|statin|pril|sartan|olol|parin|gliptin|gliflozin|formin|inoin|profen|oxicam|coxib|zepine|trigine"
    r"|triptyline|mectin|thrin|phenolate|phosphamide|purinol|milast|potriol|betasol|caine|phrine)s?\b"
    r"|\b(?:(?:cortico)?steroid|antibiotic|antihistamine|antifungal|antiviral|biologic|immunosuppressant|cream|ointment|tablet|capsule|pill)s?\b"
    r"|\b(?:aspirin|insulin|adrenaline|dapsone|colchicine|thalidomide|paracetamol|acetaminophen|warfarin|ivig|immunoglobulin|phenytoin)\b"
)
GIVE_ZH = (
    r"(?:给予|予以|给药|服用|口服|内服|静滴|静脉滴注|静脉注射|静[注推]|[肌皮]注|肌[内肉]注射|皮下注射|注射|外[用涂搽敷]|涂抹|含服|吸入|输注"
    r"|加用|改用|换用|启用|起用|续用|使用|联用|予(?!防)|吃|打(?=针|点滴|肾上腺素|激素))"
)
GIVES_ZH = re.compile(GIVE_ZH)
FILLER_ZH = r"(?:\d+\W*)?(?:治疗|先|再|遂|同时|并|另|首先|然后|现在|可以?|开始)*"
FIRST_ZH = re.compile(rf"^\W*{FILLER_ZH}{GIVE_ZH}")
HAND_ZH = re.compile(rf"^\W*{FILLER_ZH}(?:给予|予以?(?!防)|加用|改用|换用|启用)")
ADJUST_ZH = re.compile(r"[增加减]量?[至到]|[加减]量|调整[为至]|改为")
NOW_ZH = (
    r"立即|立刻|马上|即刻|赶紧|尽快|请(?!示|教|问|会诊)|务必|必须"
    r"|(?<![不反适对相效响供])应当?(?!用|答|激|与)|(?<![无不毋如若])[须需]要?|嘱|给(?=患者|病人|其|他|她)"
)
MUST_ZH = re.compile(f"{NOW_ZH}|建议|推荐")
NO_DRUG_ZH = (
    r"性|[^,。;并及和后]{0,6}(?:检|皮肤镜|伍德灯|放大镜|评[分估]|量表|冷敷|润肤|保湿|防晒|转诊|会诊|关注|重视|鉴别|排除|随访|隔离|监测)"
)
ORDER_ZH = re.compile(
    rf"(?:{NOW_ZH}|(?:可以|现在|即日起|今[日天]起?)(?=开始))"
    rf"(?:其|他|她|给|患者|病人|立即|尽[快早]|首先|先|马上|开始|即刻|早期|规律|按时|足量|联合|静脉)*{GIVE_ZH}(?!{NO_DRUG_ZH})"
)


def order_in(text: str) -> str:
    """Whether a text orders, prescribes or doses something for the patient, in Chinese or English.

    Returns:
        `dose` when an amount, a rhythm or a route to follow stands with it, `order` when not, "" if the text does neither.
    """
    reasons = {_order_in_sentence(s) for s in _sentences(text)}
    return next((reason for reason in ("dose", "order") if reason in reasons), "")


def _sentences(text: str) -> list[str]:
    plain = simplify(unicodedata.normalize("NFKC", strip_invisible(text))).lower().replace("’", "'")
    plain = plain.replace("can't", "cannot").replace("n't", " not")
    return [s.strip() for s in SENTENCE.split(plain) if s.strip()]


def _order_in_sentence(sentence: str) -> str:
    clauses = [c.strip() for c in CLAUSE.split(sentence) if c.strip()]
    if QUESTION.search(sentence) and not any(STRONG_ORDER.match(c) for c in clauses[:1]):
        return ""
    ordered = PRESCRIPTION.search(sentence) or any(_orders(c) for c in clauses)
    if _doses(clauses, sentence):
        return "dose"
    if not ordered:
        return ""
    return "dose" if DOSE.search(sentence) or RHYTHM.search(sentence) else "order"


def _orders(clause: str) -> bool:
    """Whether a clause tells someone to give or take something, with or without an amount."""
    named = DRUG.search(clause) or DOSE.search(clause)
    if (PRESCRIBES.search(clause) and not BY_ANOTHER.search(clause)) or (
        named and (WEAK_ORDER.search(clause) or MODAL_ORDER.search(clause))
    ):
        return True
    if (told := STRONG_ORDER.search(clause)) and (DOSE.search(clause) or not NO_DRUG.search(told["object"])):
        return True
    return bool(ORDER_ZH.search(clause)) and not REFUSED.search(clause) and not UP_TO_THE_DOCTOR.search(clause)


def _doses(clauses: list[str], sentence: str) -> bool:
    """Whether any clause gives an amount to take that is not a statement of what was taken, allowed or measured."""
    taken = False  # a list of what the patient takes goes on over commas: "takes A 1 mg daily, B 2 mg daily"
    elsewhere = bool(ELSEWHERE.search(sentence))
    for clause in clauses:
        amount, taken_here = DOSE.search(clause), bool(ON_IT.search(clause))
        named = "medication" in clause or "用药" in clause
        if _regimen(clause, sentence) and not (LIMIT.search(clause) or REFUSED.search(clause) or BODY_AMOUNT.search(clause)):
            told = MUST_ZH.search(clause) or (HAND_ZH.search(clause) and not elsewhere)
            stated = taken or taken_here or PAST.search(clause) or elsewhere
            changed = ADJUST_ZH.search(clause) and not (taken_here or PAST.search(clause))
            if told or changed or not stated:
                return True
        taken = taken or (taken_here and bool(amount or named))
    return False


def _regimen(clause: str, sentence: str) -> bool:
    how = RHYTHM.search(sentence) or ROUTE.search(sentence)
    if DOSE.search(clause):
        return bool(how or GIVES_ZH.search(clause) or ADJUST_ZH.search(clause))
    return bool(FIRST_ZH.search(clause) and RHYTHM.search(sentence)) and not re.search("皮肤镜|冷敷|润肤|保湿|防晒", clause)


# words that lower an alarm
ALARM = (
    r"(?:alerts?|warnings?|alarms?|red flags?|interactions?|contraindications?|cautions?|must-not-miss\w*|allerg(?:y|ies)|risks?|dangers?)"
)
STEPS = (
    r"(?:biops\w*|referr\w*|refer|stop\w*|discontinu\w*|withdraw\w*|monitor\w*|screen\w*|tests?|testing|follow-?up|hospital\w*|admission|admit"
    r"|urgen\w*|emergency|work-?up|consult\w*|imaging|ecg|blood|cultures?|worry|concern\w*|dose reduction|isolat\w*)"
)
CALM = (
    r"(?:not (?:clinically )?(?:relevant|significant|important|a concern|applicable|real|serious|dangerous|urgent)|irrelevant|insignificant"
    r"|unimportant|negligible|harmless|meaningless|trivial|overstated|exaggerated|outdated|of no (?:concern|importance|relevance)"
    r"|no concern"
    r"|wrong|incorrect|unfounded|resolved|a false (?:alarm|positive)|nothing to worry)"
)
SET_ASIDE = r"(?:ignored|disregarded|dismissed|overlooked|overridden|skipped|omitted|removed|lowered|deferred)"
LOWERS = (
    rf"\b(?:ignor|disregard|dismiss|overlook|overrid|silenc|suppress|mut|skip|cancel|clear|remov|delet|hid|drop|downgrad|lower)"
    rf"(?:e|es|ed|ing|ped|ping|ring|den)?\b.{{0,40}}\b{ALARM}\b",
    rf"\b{ALARM}\b.{{0,60}}\b(?:(?:can|may|could|should|to) (?:safely )?be {SET_ASIDE}|(?:does|do) not apply|{CALM})",
    rf"\b(?:no need|unnecessary to|no reason|(?:do|does) not need|need ?not)\b.{{0,16}}\b{STEPS}\b",
    rf"\bno\b.{{0,25}}\b{STEPS}\b.{{0,20}}\b(?:needed|required|necessary|indicated)\b|\bunnecessary {STEPS}\b",
    rf"\b{STEPS}\b.{{0,25}}\b(?:(?:is|are) (?:unnecessary|needless|pointless|not (?:needed|necessary|required|indicated))"
    rf"|(?:can|may) (?:safely )?be {SET_ASIDE}|can wait)",
    rf"\b(?:skip|omit|forgo|bypass)(?:ping|ting|ing)?\b.{{0,16}}\b{STEPS}\b|\b(?:this|it|that) can wait\b|\bnot bother\b",
    rf"\b(?:go ahead|proceed|rul\w+ out|rule out|exclude\w*|treat|manage)\b.{{0,30}}\bwithout (?:an? |any |further )?{STEPS}\b",
    r"\b(?:no|without any) (?:(?:relevant|significant|known|clinically|clinical|drug|real|serious)\s+)*"
    r"(?:interactions?|contraindications?|red flags?|danger|risks?(?! factor))\b|\bwithout (?:any )?(?:concern|worry|danger|risk)\b",
    r"(?<!not )\bsafe (?:together|to (?:continue|take|use|combine|give|ignore|wait|discharge|go on|restart|keep))\b|\bcan (?:be )?safely\b",
    r"\b(?:is|are) (?:(?:perfectly|completely|entirely) )?(?:fine|safe)\b|\b(?:perfectly|completely|entirely) safe\b",
    r"\b(?:continue|keep|carry on)\b.{0,20}\b(?:suspected|culprit|offending|causative)\b",
    r"\bdespite the (?:alert|warning|interaction|contraind)",
    r"\bnothing to worry|\bno (?:cause|reason) for (?:concern|alarm)|\b(?:not|no) (?:an emergency|urgent|dangerous)\b",
    r"\b(?:severity|level)\b.{0,12}\bnone\b|\bred flag.{0,10}\bresolved\b",
)
ALARM_ZH = r"(?:警[告示报讯戒]|预警|提[醒示]|禁忌|相互作用|红旗|危险信号|风险|必须排除|过敏)"
STEPS_ZH = (
    r"(?:停[药用服]|活检|转诊|就[医诊]|急诊|住院|复查|监测|筛查|检[查测]|化验|随访|会诊|担[心忧]|处理|紧急|抢救|重视|减量|病理|监护|隔离|干预"
    r"|理会|在意|排除|警惕|顾虑)"
)
NEEDLESS_ZH = r"(?:无需|不必|不需要?|毋[须需]|无须|没必要|没有必要|不用|用不着)"
LOWERS_ZH = (
    rf"(?:忽[略视]|无视|不用管|取消|撤[销除]|删[除去]|关[闭掉]|屏蔽|隐藏|解除|跳过|降低|下调|降级|移除|去掉|清除).{{0,12}}{ALARM_ZH}",
    rf"{ALARM_ZH}.{{0,12}}(?:可以?(?:忽[略视]|不予|不管|不考虑|取消|解除|无视|降|关|删|去掉|撤)|已(?:解除|取消|失效|撤)|不相关|无关|无(?:临床)?意义"
    rf"|不重要|不严重|微不足道|不存在|误报|不成立|没关系|{NEEDLESS_ZH})",
    rf"(?:{NEEDLESS_ZH}|可以?暂?不|免去?|别).{{0,8}}{STEPS_ZH}|{STEPS_ZH}.{{0,4}}(?:{NEEDLESS_ZH}|可以?不|可免|非必[需要])",
    r"(?<![有若如])(?:无|没有|不存在)(?:明显|任何|显著|临床|药物|具有)?.{0,4}(?:相互作用|禁忌|危险|风险(?!因素))",
    r"(?:可以?|能够?|仍可)(?:安全|放心|继续|照常|照旧|一起|同时)地?(?:使用|服用|合用|联用|用|原药|该药|可疑|吃|继续)",
    r"(?:继续|照常).{0,6}(?:可疑|致敏|致病)药|(?:是|均|都|很|使用|用药|联用|合用)(?:很|是|均|都)?安全(?![性问监评用])",
    r"不(?:危险|紧急|危急|要紧|属急[症诊])|放心|安全无[虞忧]|没有?什么大碍|无大碍|没事|无妨",
)
LOWERING = re.compile("|".join((*LOWERS, *LOWERS_ZH)))
KEEPING = re.compile(
    r"\b(?:(?:do|must|should|may) not|never|cannot|not|rather than|instead of|avoid)\s+(?:be\s+)?"
    r"(?:ignor|disregard|dismiss|overlook|overrid|silenc|skip|lower|safe|exclud|ruled? out|proceed|go ahead|manag)\w*"
    r"|(?:不[可能应得要宜]|勿|不容|避免|以免|防止|禁止)(?:随意|轻易|擅自|因此|被|自行)?"
    r"(?:忽[略视]|无视|取消|撤|删|关闭|屏蔽|跳过|降|继续|放心)"
)
"""What says the opposite: it is taken out before looking, so that "do not ignore the alert; skip the biopsy" is still seen."""
PARTS = re.compile(r",|\b(?:but|however)\b|但")
ASKED = re.compile(r"\bwhether\b|是否|能否")


def lower_alarm(text: str) -> bool:
    """Whether a text plays down or cancels a warning, an examination or a referral, in Chinese or English."""
    return any(_lowers(part) for s in _sentences(text) if not QUESTION.search(s) for part in PARTS.split(s))


def _lowers(part: str) -> bool:
    found = LOWERING.search(KEEPING.sub(" ", part))
    return bool(found) and not ASKED.search(part)
