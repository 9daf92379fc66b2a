"""The words that deny, doubt, date or attribute a finding, in English and Chinese, as patterns over folded tokens.

After NegEx and ConText (Chapman et al. 2001, Harkema et al. 2009). English cues are whole words, Chinese ones characters in a row,
both as `tools.text` folds them: parted by single spaces.
"""

from __future__ import annotations

import re


def _words(phrases: str) -> re.Pattern[str]:
    """English phrases, one a line or parted by `|`, as whole words."""
    listed = [" ".join(p.split()) for line in phrases.strip().splitlines() for p in line.split("|")]
    return re.compile(" (?:" + "|".join(sorted((re.escape(p) for p in listed if p), key=len, reverse=True)) + ") ")


def _han(phrases: str) -> re.Pattern[str]:
    """Chinese phrases parted by spaces, as runs of single-character tokens."""
    return re.compile("(?:" + "|".join(sorted((" ".join(p) for p in phrases.split()), key=len, reverse=True)) + ")")


# English: there or not
EN_NO = _words("""
    no|not|without|deny|denies|denied|denying|negative for|absence of|absent|lack|lacking|lack of|free of|never|nor|neither|ruled out
    rules out|rule out|exclude|excludes|excluded|excluding|none of|nowhere|hardly any|hardly|scarcely|barely any|nil|nothing to suggest
    spare|spares|spared|sparing|resolution of|doesn't|don't|won't|wouldn't|didn't|isn't|wasn't|weren't|aren't|hasn't|haven't|hadn't|can't
    none itches|none itch|none hurts|none hurt|none has|none have|none is|none are
    cannot|unlike|rather than|argue against|argues against|against a diagnosis of|instead of|no longer has|no longer have|no longer any
""")
EN_NO_LOCAL = re.compile(
    r" (?:not|hardly|scarcely|spares?|spared|sparing|resolution of|\w+n't|cannot|unlike|rather than|instead of|excludes?|rules? out) "
)
"""Denials of one thing: over a comma they reach only along a list that ends in "or"."""
EN_NO_FALSE = _words("""
    no improvement|not improve|not improved|not respond|not responded|no response|no relief|not resolve|not resolved|no longer|not only
    without improvement|without relief|without success|no effect|not certain|not helped|without treatment|not been|no known
    no significant past medical history|no wonder|not sure|not clear|not heal|not healed|not healing|not true that there is no|no doubt
    not without|no matter|not settle|not settled|not settling|not gone|not go away|not going away|not better|no better|not cleared|
    not clear up|no change in|no change with|no change after|no change despite|no change on
    not stop|not stopped|not prevent|not prevented
    to rule out|need to exclude|to exclude|cannot rule out|cannot exclude|can't rule out|not ruled out|not excluded|not deny|not denied
    not tolerate|no obvious cause|no obvious trigger|no obvious reason|no apparent cause|for no reason|for no apparent reason
    not take|not taken|not taking|not used|not using|not a smoker|not working|not wait|not available|not done|not performed|no further
""")
EN_NO_END = _words("""
    but|however|although|though|except|which|who|until|because|despite|aside|apart|other than|besides|yet|whereas|while|instead|now
    only|when|since|after
""")
_FREE = "absent|negative|spared|uninvolved|unaffected|normal|unremarkable|intact"
_SEEN = (
    r"(?:involved|affected|seen|present|found|felt|palpable|burn|burned|enlarged|swollen|rai[sz]ed|detected|noted|visible|tender|inflamed|"
    r"observed|identified|elicited|reported|noticed|apparent|evident)"
)
EN_AFTER = re.compile(
    rf"^(?: (?!and |or |with |but |has |have |the |his |her )[a-z]+){{0,2}}? "
    rf"(?:(?:is|was|are|were|be|been|being) (?:\w+ )?(?:{_FREE}|denied|excluded|ruled out|not \w+)|{_FREE}|not {_SEEN}"
    rf"|could not be (?:\w+)|(?:has|have|had) (?:been )?(?:denied|excluded|ruled out)|otherwise (?:clear|normal)|clear throughout)\b"
    r"|^ (?:[:：] ?|[-–] )?(?:none|nil|absent|negative|nad)\b|^ [(（] ?(?:-|–|−|neg|negative|absent) ?[)）]"
)
"""After the match: "fever was absent", "nodes not enlarged", "Nikolsky: negative", "crepitus (-)"."""
EN_MAYBE = _words("""
    possible|possibly|probable|probably|maybe|may be|might be|suspected|suspicion of|suspicious for|suggestive of|questionable|query
    concern for|concerning for|presumed|presumptive|consistent with|likely|consider|versus|vs|to rule out|to exclude|need to exclude
    cannot rule out|cannot exclude|can't rule out|not ruled out|not excluded|equivocal|doubtful|compatible with|perhaps
    thought of|wondered about|wonders about|queried
    uncertain|unsure whether|not sure whether|not sure if|appears to be|could be|would be compatible with
""")
EN_TO_DO = re.compile(r"^ (?:please |plan to |consider )?(?:rule out|exclude) (?!.* (?:but|however) )")
"""A sentence that begins so is a plan: "Rule out melanoma"."""
EN_DOUBT_AFTER = re.compile(
    r"^ (?:\?|cannot be (?:excluded|ruled out)|is (?:possible|suspected|uncertain|questionable|equivocal)|suspected\b)"
)
EN_TWICE = re.compile(r" (?:not|never|hardly|cannot be said to be|by no means) $")
"""Just before a wording that itself denies: "not painless"."""

# English: of whom, when, in which case
_KIN = (
    "mother|father|brother|sister|parent|sibling|uncle|aunt|grandmother|grandfather|cousin|grandparent|nephew|niece|mum|mom|dad|twin"
    "|maternal aunt|paternal uncle"
)
EN_FAMILY = re.compile(
    rf" (?:family history|family member|familial|relative|(?:his|her|their|the) (?:{_KIN}|son|daughter)|my (?:{_KIN})"
    rf"|(?:his|her|my) (?:wife|husband|partner)"
    rf"|(?:{_KIN}|son|daughter|wife|husband) [:：]"
    rf"|(?:{_KIN}) (?:once |always |never |only |just )?(?:also|both|has|have|had|with|was|were|who|is)) "
)
EN_FAMILY_VERB = re.compile(r" (?:has|have|had|with|was|were|history|also|suffer|suffered|diagnosed|of|for|is|itche?|itches) ")
EN_SPEAKS = re.compile(
    r" (?:report|state|note|bring|brought|say|said|notice|noticed|stated|noted|reported|describe|described|concerned|worried|think|thinks"
    r"|he|she|patient|child himself|herself|himself|tried|try|apply|applied|give|gave|given|treat|treated|use|used|using|worry|"
    r"want|seek|sought"
    r"|took|found|saw|moved|live|lives|asked|ask) "
)
EN_LISTED_KIN = re.compile(r" [:：] (?:(?!he |she |his |her |child |baby |patient )[^\s.;:：]+ ){0,7}$")
"""From a relative's name to the match: what the relative has, without a verb, "Father: psoriasis"."""
EN_MATERNAL = re.compile(r" (?:before (?:the |her )?(?:birth|delivery|labour)|(?:during|in) (?:the |her )?(?:pregnancy|labour)) ")
"""After a mother's name: what follows is hers, though the patient may be a "she" too."""
EN_PAST = _words("""
    history of|past medical history|medical history|previously|previous|prior|in the past|past history|in childhood|childhood history
    resolved|formerly|as a child|as a boy|as a girl|as a baby|as an infant|as a toddler|as a teenager|as a young man|as a young woman
    when he was a child|when she was a child|when he was little|when she was little|used to have|once had|pmh|pmhx|h/o|hx of
""")
EN_PAST_AFTER = re.compile(
    r"^(?: (?!since|now|not|never)[\w'-]+){0,6}? (?:as an? (?:child|boy|girl|baby|infant|toddler|teenager)"
    r"|in (?:childhood|infancy|his youth|her youth)) "
)
EN_OVER = re.compile(
    r"^(?: (?!not|never|partially|partly|and|but|,)[\w'-]+){0,4}?(?: , (?:which|but|now|this))? "
    r"(?:(?:has|have|had) (?:now |since |all |completely |fully )?)?"
    r"(?:(?:now |since |completely |fully )?resolved|subsided|gone|disappeared|went away|settled completely|cleared up)\b(?! "
    r"(?:slowly|with scar))"
)
"""After the match: "fever last week has now resolved"."""
EN_LONG_AGO = re.compile(
    r" (?:\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten|several|some|many|few) (?:year|month) (?:ago|before) "
)
EN_GOES_ON = re.compile(r" (?:since|ever|still|now|began|begun|started|onset|recurrent|repeated|again|gradually|progressive|persistent) ")
EN_REACTION = re.compile(
    r" (?:after|following|allergic|allergy|injection|reaction|sting) | (?:with|from|to) \w+(?:cillin|mycin|xacin|zole|profen) "
)
EN_PAST_FALSE = re.compile(r" (?:day|week|month|year|hour|\d+) history of ")
EN_NOW = re.compile(r" (?:present|presents|presented|now|currently|today) ")
EN_HYPO = _words("""
    if|in case of|should|return if|risk of|at risk for|to prevent|prevention of|screen for|screening for|advised to|monitor for|watch for
    look out for|warned about|counselled about|side effect such as|may cause|can cause|could cause|to avoid|in the event of
""")
EN_HYPO_FAR = re.compile(
    r" (?:(?:return|come back|call|report|see|seek|attend|stop|phone|ring)(?: [a-z]+){0,4} if|warned (?:about|of|to watch for)|"
    r"watch out for"
    r"|safety net(?:ting)?|look out for|advised to (?:return|come back|seek)(?: [a-z]+){0,4} (?:if|for)|should (?:he|she|they|"
    r"you) (?:develop|have)) "
)
"""Words of advice: all that follows in the sentence is what might come."""
EN_NEW_CLAUSE = re.compile(
    r" (?:is|are|was|were|has|had|have|show|showed|reveal|revealed|present|presented|report|reported|note|noted|he|she|they|his|her|there"
    r"|examination|exam|physical|on|with|where|then|now|complain|complains|since|after|which|it|itchy|painful|tender|red|new|"
    r"multiple|several) "
)
EN_DID = re.compile(r" (?:do|does|doe|did|would|could|can|will) $")
EN_NEXT_EVENT = re.compile(
    r" and (?:(?:slowly|rapidly|gradually|then|soon|quickly|steadily|later) )?"
    r"(?:(?!red )\w+ed|grew|spread|became|got|went|came|is|are|was|were|has|have|had) "
)
"""From "did not" to the match: what happened next, "did not fade and slowly enlarged"; only a bare verb is denied with the first."""
EN_ASSERTS = re.compile(
    r" (?:rai[sz]ed|high|low|positive|elevated|increased|decreased|reduced|enlarged|swollen|present|deranged|abnormal|prolonged|"
    r"worse|worsening) "
)
"""A laboratory or bedside value that says it is there: a denial before the comma has nothing to do with it."""
EN_LIST_END = re.compile(r" (?:or|nor|and|and/or) ")

# Chinese: there or not
ZH_NO = _han("""
    无 未 没 没有 否认 未见 未触及 未及 不伴 非 排除 并无 亦无 均无 不 无明显 未出现 未累及 不累及 未闻及 未扪及 未发现 未查见 查无
    未诉 不存在 除外
    并未 从未 从无 未曾 无任何 未有 不见 不含 缺乏
""")
ZH_NO_FALSE = _han("""
    无明显诱因 无诱因 无效 不明 未愈 不愈 不缓解 未缓解 无缓解 不见好 未见好转 无好转 不退 未消退 未治疗 未诊治 未予 未就诊 未重视
    未处理 不能 无法 不规则 不规律 不均 不清 不一 不等 不好 不了 不住 不知 不断 不止 不明显 不佳 不消 不全 不洁 不适 不同 不整 不易
    无改善 不敢 没好 没用 没效果 不对称 不管 不但 不仅 不久 未婚 非常 非典型 无意 未成年 不慎 没去 没敢 没做 不行 不掉 不到 不过
    不超过 不齐 没注意 不平 不高 不太 无痛性 无痛 无菌性 无症状性 无色 无力 无名指 无特殊 无原因 无故 无端 未破 不破 不溃 无规律
    无固定 未婚未育
    未避孕 不孕 不育 不自主 不耐 不红 不肿 除非 非特异性 非甾体 非处方 未正规 未规律 未系统 未坚持 未服药 未用药 未控制 未遵医嘱
    未及时 不及时 未定期
    未绝经 未接种 未打 不仅仅 不只 并非不 并不是不 不是不 不是没有 并非没有 并非无 不能排除 不排除 不除外 未排除 未能排除 未除外
    排除不了 需排除 待排除
    不是很 不很 不怎么 没那么 不十分 不特别 不算 没怎么 不大 以排除 需除外 待除外 不得不 不可避免 不可逆 无论 未改善 未减轻 未好转
    无减轻 未予重视 不痊愈 没见好 没好转 没有好转 没有缓解 没有效果 无变化 未变
""")
ZH_NO_END = _han("但 伴 可见 出现 然而 仅 有 见 后 时 却 而 只 除了")
ZH_DENY = _han("否认 未诉")
ZH_ASSERTS = re.compile(r"^ (?:(?:皮 肤|部|上) )?(?:可 见|见|出 现|起|散 在|新 发) ")
"""After a site: what was denied before the comma is over, "否认发热，双手可见水疱"."""
ZH_TWICE = re.compile(r"(?:并 非|不 是|并 不 是|不 能 说|绝 非|不) $")
"""Just before a wording that itself denies: "并非不痒"."""
ZH_AFTER = re.compile(
    r"^(?:(?: 病 毒)? (?:标 志 物|血 清 学|抗 体|抗 原|检 查|检 测|筛 查|化 验|系 列|全 套|五 项))?(?: [、，]| [一-鿿]){0,2}? ?"
    r"(?:阴 性|[（(] ?[-—－–] ?[)）]|未 见|未 触 及|均 无|均 阴 性|正 常|无 异 常|未 见 异 常|无 殊|光 滑 完 整|均 未 见|皆 无|为 阴 性"
    r"|不 明 显|未 受 累|未 累 及|不 受 累|消 失|均 正 常|未 引 出|未 查 见|未 扪 及|未 发 现|未 肿 大|无 肿 大|不 肿 大|已 排 除|被 排 除)"
)
ZH_MAYBE = _han("""
    可疑 疑似 疑 可能 考虑 待排 似 像 是不是 是否 不除外 不排除 怀疑 会不会 不能排除 未除外 未排除 需排除 待排除 以排除 需除外
    待除外 未能排除 有无 倾向
    拟诊 疑为 或许 大概
""")
ZH_DOUBT_AFTER = ("?", "？", "待 排", "可 能", "不 除 外", "待 查", "不 能 排 除", "不 排 除", "可 疑", "待 除 外")

# Chinese: of whom, when, in which case
ZH_FAMILY = _han("""
    家族 家族史 父亲 母亲 父母 其父 其母 哥哥 弟弟 姐姐 妹妹 兄弟 姐妹 爷爷 奶奶 外公 外婆 祖父 祖母 儿子 女儿 爸爸 妈妈 亲属 家人
    姥姥 姥爷 叔叔 舅舅
    姑姑 表哥 表姐 堂兄 双亲 直系 其兄 其姐 其弟 其妹 其子 其女
""")
ZH_FAMILY_VERB = _han("有 患 也 同样 均 都 史 得 亦")
ZH_LISTED_KIN = re.compile(r"^ ?[:：](?: (?!孩|宝|患|他|她|娃)[^\s。；;:：]){0,8} ?$")
"""From a relative's name to the match: what the relative has, without a verb, "父亲：银屑病"."""
ZH_SPEAKS = _han("诉 代诉 发现 陈述 带 说 称 怀 妊 孕 分娩 认为")
ZH_COUNTED = re.compile(r"曾(?: 有| 先 后| 反 复)? (?:\d+|[一二两三四五六七八九十数几多])(?: 余| 来)? 次")
"""Attacks that are counted belong to the illness that is told: "曾2次夜间下唇肿胀"."""
ZH_UNTOLD = re.compile(r"^ ?[:：]")
"""After 未诉: what the patient did not mention and the examiner saw, "患者未诉：趾间脱屑"."""
ZH_PAST = _han("既往 曾 曾经 以前 幼时 小时候 患过 过去 曾有 得过")
ZH_NOW = re.compile("现|今|目 前|近|再 次|加 重")
ZH_CHILDHOOD = re.compile("(?:儿 时|童 年|幼 年|年 幼|少 年 时|年 轻 时)(?! 起| 开 始| 即| 就)")
ZH_OVER = re.compile(
    r"^(?: [^\s，,。；;]){0,4}?(?: [，,])?(?: 现| 目 前| 后| 今| 均| 自 行| 现 均)?"
    r"(?: 已(?: 完 全| 全 部| 基 本| 自 行| 均)? (?:退|消 退|缓 解|愈|痊 愈|消 失|恢 复|正 常)| 自 行 消 退| 自 愈| 痊 愈)"
)
"""After the match: "上周发热，现已退"."""
ZH_LONG_AGO = re.compile(r"(?:\d+|[一二三四五六七八九十半数几多])(?: 余| 多| 来)? (?:年|个 (?:余 )?月|月)(?: 余| 多)? 前|去 年|前 年")
ZH_GOES_ON = re.compile("起 病|开 始|反 复|至 今|持 续|逐 渐|加 重|间 断|现|目 前|近|再 次|仍|每")
ZH_REACTION = re.compile("过 敏|注 射|输 液|静 滴|静 脉|肌 注|打 针|口 服|服 用|服 药|服|吃|食|蜇|叮|抢 救")
ZH_HYPO = _han("如出现 若出现 如有 若有 预防 避免 防止 警惕 注意有无 以防 一旦出现 如发生 倘若 如再 若再 如果出现 如果有 若发生 万一")
ZH_HYPO_FAR = re.compile("(?:如 出 现|若 出 现|一 旦 出 现|如 果 出 现|如 有|若 有|如 发 生|若 发 生|倘 若|万 一)(?!.*[。；])")
