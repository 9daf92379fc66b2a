"""Words of a note that say that a drug was stopped, is yet to be stopped, was taken up again, or goes on."""

from __future__ import annotations

import re


def _any(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_FILL_EN = (
    r"(?:(?:taking|using|his|her|the|their|all|oral|topical|systemic|treatment|therapy|courses?|a|of|with|use|weekly|daily"
    r"|low[- ]dose|both)\s+){0,4}"
)
_ADVERB = r"(?:abruptly\s+|suddenly\s+|then\s+|recently\s+|himself\s+|herself\s+)?"
STOP_BEFORE_EN = _any(
    rf"\b(?P<stop>stopped|d\s?/\s?c['’]?e?d|discontinued|ceased|quit|came\s+off|gave\s+up|withdrew|tapered\s+off|weaned\s+off|finished|completed"
    rf"|(?:(?:is|was|are|been|now|currently|stayed|remains?)\s+|(?:^|[,;(])\s*)off|(?:switched|changed|converted)\s+(?:over\s+)?from"
    rf"|no\s+longer\s+(?:takes?|taking|on|uses?|using|receiv\w+)"
    rf"|(?:after|since|following)\s+(?:stopping|discontinuing|finishing|completing|discontinuation\s+of"
    rf"|withdrawal\s+of))\s+{_ADVERB}{_FILL_EN}$"
    rf"|\b(?P<past>previously\s+(?:been\s+)?(?:on|taking|took|used|treated\s+with|received|given)"
    rf"|formerly\s+(?:on|took|taking|used|treated\s+with)|used\s+to\s+(?:take|use|be\s+on)"
    rf"|had\s+previously\s+(?:been\s+(?:on|taking|treated\s+with|given|using)|taken|used|received)"
    rf"|(?:past|previous|prior)\s+(?:use\s+of|treatments?\s+(?:with|included?)|therapy\s+with|courses?\s+of))\s+{_FILL_EN}$"
)
"""Right before the name: `stop`, or `past` for a course that is only told as over."""
OPEN_EN = _any(
    r"(?:\b(?:no|not|never|denie[sd]|cannot|should|shall|would|will|may|might|could|can|must|to|be|if|when(?:ever)?|unless|before"
    r"|until|each\s+time"
    r"|every\s+time|without|being|almost|nearly)|n['’]t)\s+"
    r"(?:(?:yet|be|been|ever|have|has|had|he|she|they|it|is|was|fully|actually|patient|the|completely)\s+){0,3}$"
)
"""Before a word of stopping: denied, planned, or whenever it happens."""
CONDITION_EN = _any(r"\b(?:if|when(?:ever)?|unless|until|before|each\s+time|every\s+time)\s+(?:\w+\s+){0,2}$")
STOPS_EN = _any(
    r"\s*(?:is|are|was|were|gets?)\s+(?:stopped|discontinued|withdrawn)\b|\s*(?:should|must|can|could|may|cannot"
    r"|will)\s+(?:not\s+)?be\s+(?:stopped|discontinued|withdrawn)\b"
)
"""Before and behind the name: what happens, or has to, when it is stopped."""
TO_STOP_EN = _any(
    rf"\b(?<!after )(?<!since )(?<!following )(?:stop|stopping|discontinue|discontinuing|cease|withdraw|withdrawing|come\s+off"
    rf"|coming\s+off)"
    rf"\s+{_FILL_EN}$"
)
"""Words of a plan: the drug is taken, whatever denial or `if` stands before them."""
STOP_AFTER_EN = _any(
    r"(?P<passive>\b(?:was|were|been|got)\s+(?:\w+ly\s+|then\s+|since\s+|now\s+|later\s+|all\s+|both\s+)?"
    r"(?:stopped|discontinued|ceased|withdrawn|tapered\s+off|weaned\s+off|finished|completed|abandoned|given\s+up))\b"
    r"|\b(?P<bare>stopped|discontinued|ceased|finished|completed|withdrawn|(?:now|is|been|currently)\s+off|came\s+off|tapered\s+off"
    r"|weaned\s+off|no\s+longer\s+taken|d\s?/\s?c(?:['’]?e?d)?"
    r"|no\s+longer\s+tak(?:es|ing)\s+it)\b(?=\s*(?:[.,;:)\]]|$|\d|(?:in(?!\s+its)|on|for|because|due|after|by|when|since|at|last|this|an?|one"
    r"|two|three"
    r"|four|five|six|several|some|about|around|over|yesterday|and|but|it|as|owing|following|early|completely|altogether|recently|long"
    r"|years|months|weeks|now)\b))"
    r"|\b(?P<until>until|till)\s+(?=(?:about\s+|around\s+)?(?:\w+\s+(?:days?|weeks?|months?|years?)\s+ago|last\s+(?:week|month|year)))"
    r"|\b(?P<switch>switched|changed|replaced)\s+(?:to|by|with)\b"
)
CUT_EN = _any(r"[,;:()]|\b(?:and|but|when|while|until|till|since|because|after|before|who|which|that|then)\b")
FREE_EN = _any(
    r"(?:\b(?:he|she|it|they|this|patient|the|has|have|had|was|were|been|be|now|then|later|therapy|treatment|drug|dose|courses?"
    r"|medication|also|an?"
    r"|mg|g|ml|mcg|daily|weekly|monthly|twice|once|days?|weeks?|months?|years?|ago|last|in|on|at|for|of|about|only|just|recently"
    r"|finally|soon|all|both|every|per|po|od|bd|orally|oral)\b|[\d\s./%+*×'’-])*"
)
"""What may stand between a drug, or the last break, and a word of stopping."""
AGAIN_EN = _any(
    r"\b(?:re-?start|resum|re-?introduc|re-?initiat|re-?instat|re-?commenc|re-?challeng)\w*"
    r"|\b(?:started|took|taken|taking|takes|uses?|using|on)\s+(?:(?:it|them|this)\s+)?again|\bback\s+(?:on|to\s+it)\b"
    r"|\b(?:carr(?:y|ies|ied)|goes)\s+on\b|\b(?:now|currently)\s+(?:on\s+)?\d+(?:\.\d+)?\s*m?c?g\b"
    r"|\bnow\s+(?!off\b|stop|free\b|without\b|not\b)\w+\s+it\b|\b(?:increased|raised|reduced|lowered)\s+to\s+\d"
    r"|\b(?:on|taking|takes|using)\s+it\b(?!\s+(?:until|till|before|in\s+\d))|\b(?:begun|began|gone)\s+again\b"
    r"|\bkept\s+(?:on|taking|using)\b|\bdid\s+not\s+(?:comply|follow|adhere|stop)\b"
    r"|\b(?:second|third|2nd|3rd|another|new|further|repeat)\s+course\b"
)
TAKEN_EN = _any(
    r"\b(?:takes|taking|still(?:\s+(?:on|takes|taking|uses|using))?|currently(?:\s+(?:on|takes|taking|using))?|now\s+(?:on|takes|taking)"
    r"|continues?(?:\s+(?:on|with|to\s+take))?|(?:is|remains?|stays|maintained)\s+on)\s+(?:\w+\s+){0,2}$"
)
LIST = _any(r"\s*(?:,\s*)?(?:/|、|和|及|与|以及|\band\b|\bor\b|\+)\s*(?:(?:the|his|her|oral|topical)\s+)?")
"""Between two drugs that share what is said of them."""
ALL = _any(r"\bwere\b|\bboth\b|\ball\b|均|都|全部|一并|同时")
"""In what is said behind a list: of every drug in it."""
BEGUN = _any(
    r"\s*(?:\d[\w./ ]{0,20})?(?:\s*(?:was|were|is|are|has\s+been|being))?\s*(?:then\s+|now\s+)?(?:started|begun|added|continu\w+"
    r"|initiated|given"
    r"|introduced|increased)\b|\s*\d+(?:\.\d+)?\s*(?:mg|g|ml|毫克|克|片)|\s*(?:继续|加用|维持|照常)"
)
"""Behind the second of a list: that one is not what was stopped, or not certainly."""

_FILL_ZH = r"(?:了|过|使用|服用|应用|口服|外用|注射|静滴|原|其|该|上述|治疗|的|药物?|长期|全身|系统|皮下|每[日周]){0,4}"
_STOP_ZH = (
    r"停用|停服|停止(?:使用|服用|应用|口服|外用|注射|用)|停掉|停了|停|撤停|撤用|撤掉|弃用"
    r"|[不未]再(?:使用|服用|口服|应用|用|服)"
)
STOP_BEFORE_ZH = re.compile(
    rf"(?P<stop>{_STOP_ZH}){_FILL_ZH}$"
    rf"|(?P<past>(?:曾经?|以前|从前|过去曾?)(?:间断|短期|自行|先后|于外院|在外院|在当地|当地|予|给予)?"
    rf"(?:口服|服用|使用|应用|外用|外涂|皮下注射|注射|接受|用|服|吃|予)过?|(?:使用|服用|口服|注射|用|服|吃)过){_FILL_ZH}$"
)
OPEN_ZH = re.compile(
    r"(?:未|无|否认|没有?|不|勿|能|可|可以|应|应该|需|需要|须|必须|宜|建议|拟|准备|考虑|嘱|若|如|如果|一旦|每次|每当|每|是否|能否|得"
    r"|敢|禁止|计划|将|要|想"
    r"|待|先|暂|请|或|逐步|反复)(?:其|患者|立即|及时|自行|马上|再|擅自|随意|突然|曾|予|尽快|逐渐|即刻|完全|能|立刻|先)?$"
)
STOP_AFTER_ZH = re.compile(
    r"(?P<bare>停药(?!指征|标准|时机|条件|事宜|问题|计划|意愿|风险|期)|撤药|停止(?:治疗|用药))|(?P<stop>停用|停服|停止(?:使用|服用|应用|口服|外用|注射)|停掉|停了|撤停|弃用"
    r"|[不未]再(?:使用|服用|用|服))"
    r"|(?<=[已后遂现并即均都于前月年周日天])停(?=[，,。；;、）)\s]|$|\d|[一二两三四五六七八九十半])"
    r"|(?P<switch>改用|改为|改服|改予|换用|换为|换成|转用|替换为|更换为)"
)
AFTER_OBJECT_ZH = re.compile(r"[了后至已约近半一二两三四五六七八九十数几多年月及并现但则即而仍因时以前]")
"""Behind 停用 without a drug: no name of something else that was stopped."""
OTHERS_ZH = re.compile(
    r"激素|抗生素|降压药|降糖药|中药|抗组胺药|生物制剂|免疫抑制剂|药膏|他药|其他药|其余|抗病毒药|化疗|西药|抗凝药|止痛药|烟|酒|母乳|哺乳"
)
AGAIN_ZH = re.compile(
    r"重新(?:开始|服|使|用|启用|口服|应用)|恢复(?:使用|服用|用药|治疗|口服)|再次(?:服用|使用|口服|应用|启用|用药|加用)"
    r"|又(?:自行|再次?|重新)*(?:服|使用|用|口服|开始|恢复|加|吃|注射|启用|予)|复用|复服|重启|继续(?:服|使用|口服|用药|治疗|至今|(?=[，,。；;]|$))|第[二三23]个?疗程|续用|续服|继[服用]"
    r"|(?<![不未])再次?(?:服|予|用(?!药?后)|口服|加[用量]|启用|吃)|(?:自行|[又已后再])恢复(?!正常|可|良好|期|尚|如|至正常|较)|(?:加|增)(?:量)?至|[换用改]回"
    r"|(?:目前|现)(?:每[日周天]次?)?\s*\d+(?:\.\d+)?\s*(?:mg|g|毫克|克|片)|(?:长期|坚持|维持)(?:服|口服|使用|用药|治疗|至今)"
    r"|(?:还|仍|一直|照)在?(?:自行)?(?:服|吃|用药|使用|口服)|继续吃"
)
BEYOND = 120
"""Characters behind a word of stopping in which it may be told, in the next sentence too, that the drug was taken up again."""
ALWAYS_ZH = re.compile(r"(?:后)?(?:[即则就便易常会总均都]|容易){1,3}(?:复发|加重|反复|反弹)")
"""Behind 停药: what happens whenever it is stopped."""
TAKEN_ZH = re.compile(
    r"(?:目前|现在|现|正在|仍在|仍|一直|继续|至今)(?:规律|长期|规则|予|给予)?(?:口服|服用|使用|应用|外用|皮下注射|注射|服|用|予)?$"
)
PLAN_ZH = re.compile(
    r"(?:(?P<far>若|如(?!下|上|此|常|既|前)|一旦|每次|每当|是否|必要时|拒绝|不愿|不肯|不敢|不想|不宜|不能|不可|无需|毋需|不必)[^。；;已]{0,24}"
    r"|(?:要求|希望|打算|计划|拟|建议|嘱|考虑|准备|将[于在要会]|即将|明[日天起]|次日|讨论|咨询|询问|商量|尝试|试(?![验剂管纸])|暂时|临时|下个?[周月次]|下星期|待|择期|差点|险些|几乎|想)"
    r"[^，,。；;已]{0,20})$"
)
"""Somewhere before a word of stopping: a condition, which reaches over a comma, or a plan, a refusal, a near miss in its clause."""
DONE_ZH = re.compile(r"已|(?:[天日周月年]|小时)(?:以)?前|昨|上个?[周月]")
"""In the clause of such a word: it was carried out nonetheless."""
SPARED = _any(
    r"\b(?:all|every\w*|any\w*|other|the)(?:\s+\w+){0,3}\s+but\s+(?:the\s+)?$|\b(?:except(?:\s+for)?|apart\s+from|other\s+than|besides)"
    r"\s+(?:the\s+)?$"
    r"|\b(?:stopped|discontinued|ceased|withdr\w+)\b[^.;]{0,40}?\bnot\s+(?:the\s+)?$"
    r"|停[^。；;]{0,16}(?:而非|而不是|不是|并非)$"
)
"""Before the one drug that was not stopped with the others."""
SPARED_ZH = (re.compile(r"除了?[^，,。；;外]{0,12}$"), re.compile(r"[^，,。；;]{0,12}?外"))
"""Before and behind it: 除甲氨蝶呤外均停用."""
DOUBT_EN = _any(r"\b(?:whether|unclear|unsure|not\s+sure|should)\b[^.;,]{0,40}$")
"""Before the name: nobody knows, or somebody asks."""
PAUSE = _any(r"\btemporar\w+|\bbriefly\b|\bfor\s+(?:a\s+(?:while|short)|(?:a\s+)?few\s+days|(?:a|one|1|two|2)\s+doses?)\b|短暂|暂时|临时")
"""Round a word of stopping: it was only left off for a while."""
UNDER_EN = _any(r"\b(?:on|with|under|during|despite|by|after|since|of|for|takes?|taking|uses?|using)\s+(?:\w+\s+)?$")
"""Before a drug that is not what the sentence is about: "on methotrexate the itching was stopped"."""
COURSE_EN = _any(r"\b(?:on|took|taken|taking|takes|used|using|received|receiving|given|had|treated\s+with)\s+(?:\w+\s+){0,2}$")
"""Before a drug that was taken `until 2 months ago`; it "worked until" then is another thing."""
GOES_ON = _any(r"至今|仍在?(?:服|用|口服|使用)|目前仍|继续(?:服|用|口服|使用)|\bto date\b|\bstill\b|\bcontinu\w+\b")
AGO = _any(r"\s*(?:ago|before|earlier|以?前)")
NAMED_TIME = _any(r"last|past|yesterday|去年|上个?月|上周|昨|前[天日]")
LASTS = _any(r"(?:了|已|约|近|达|有)*\s*|\s*(?:now\s+)?(?:for|since)\s+(?:about\s+|around\s+|the\s+(?:past|last)\s+)?")
"""Between a word of stopping and how long ago it was."""
NEXT = _any(
    r"(?:\.\s+(?:It|This|The drug|The treatment)\s+(?=was|has|had)|[。；;]\s*(?=(?:现|目前|后|该药|此药)?已?(?:停药"
    r"|停用(?![一-鿿]{2}))))"
)
"""A sentence about the drug that the one before it names."""
