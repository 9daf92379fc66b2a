"""Words for `tools.spelling`: what is often misspelt, what only looks so, which Chinese characters are taken for which."""

from __future__ import annotations

MISSPELT = """
papule papular macule macular maculopapular vesicle vesicular pustule pustular nodule nodular plaque bulla bullous blister
erythema erythematous pruritus pruritic itchy itching eczema eczematous psoriasis urticaria dermatitis cellulitis impetigo
petechia petechial purpura purpuric ecchymosis telangiectasia lichenification lichenified excoriation excoriated ulcer
ulcerated ulceration erosion crusted hyperpigmentation hyperpigmented hypopigmentation hypopigmented depigmentation
depigmented alopecia onycholysis fissure annular umbilicated violaceous verrucous keratotic hyperkeratosis hyperkeratotic
atrophy atrophic induration indurated edema edematous axilla axillary popliteal antecubital scrotum scrotal perianal genital
buttock abdomen abdominal forearm shoulder eyelid lymphadenopathy arthralgia arthritis myalgia diarrhea hemorrhage hemorrhagic
photosensitivity photosensitive diabetes diabetic asthma allergic rhinitis conjunctivitis stomatitis cheilitis vasculitis
necrosis necrotic gangrene abscess furuncle carbuncle folliculitis follicular comedone lymphedema angioedema anaphylaxis
dysphagia hoarseness wheezing malaise fatigue nausea vomiting seizure weakness numbness desquamation exfoliative erythroderma
morbilliform serpiginous reticulate confluent symmetrical asymmetrical generalized disseminated recurrent relapsing
intermittent progressive persistent tenderness swelling swollen scaling bleeding burning stinging photophobia leukonychia
paronychia onychomycosis hirsutism hypertrichosis hyperhidrosis jaundice cyanosis pallor hypotension tachycardia dyspnea
hematuria proteinuria eosinophilia neutrophilia leukocytosis thrombocytopenia anemia splenomegaly hepatomegaly
immunosuppressed pregnancy pregnant chemotherapy antibiotic steroid antifungal antihistamine moisturizer sunscreen ointment
"""
"""English words of a skin note that are often misspelt; a slip is read as the one that is near enough."""
ORDINARY = """
lesson vehicle module plague nodal pupil pustulate basilar macula maculae papulae bullae bullet bulled buttons button bottom
britches hitchy pitchy witchy titchy bitchy batching catching pitching hitching ditching aching etching itched inching
fissured figure fixture pressure annual annually annul genitals general genial gentle general edematus scared scarred swelled
spelling smelling dwelling breeding feeding needing bedding learning turning earning banking burying running bunting
burnishing singing swinging stinting stingy scalping calling sealing scolding smoulder boulder older eyelet eyelids
sneezing wheeling weening seizures sneer ulterior ulcerous alternative erosive corrosion explosion emotion crust trusted
crushed rusted relating replacing recurring recurrence persisting persistence progression intermitting confluence
confident symmetric symmetry asymmetric asymmetry progress regressive aggressive persist insistent consistent consisted
pregnancies regnant stagnant antibodies antibody steroidal asteroid steroids antigenic ointments diabetics arthritic
arthropathy myopathy dystrophy hypertension anaemia academia leukemia allergen allergies allergy atopic trophic strophic
dystrophic hypertrophic hypertrophy dermatology dermatologic cellulite celluloid vasculature vascular vasculopathy necropsy
necrotizing gangrenous abscessed abseil pallid valor color cyanotic melanosis psoriatic numbers number member newness business
wellness sickness illness tiredness business hardness harness dryness redness nauseous mausoleum indicated indication
incubated incubation insulation popular releasing vestibular enema enemas ancillary auxiliary retinitis perinatal disseminate
vascularis hematuric dysphoria intubation intubated allergenic exfoliated hemorrhoid hemorrhages petechiae purpuras ulcerative
exudative follicle follicles comedonal stomata rhinitic conjunctival
"""
"""English words so near to one of them that they would be taken for it."""
SAME_SOUND = """
斑班般搬 鳞磷麟粼 疹诊症 痒养氧庠痷 瘙骚臊 疱泡炮庖 脓浓农 烂拦栏澜 屑削宵霄肖 肿种 胀涨账 疣尤鱿犹
癣廯藓鲜 荨寻旬 疡扬杨荡 燥噪躁澡 糙操 癜殿淀 痤座坐 痣志痔 睑脸 囊襄 跖趾拓 缝逢峰 瘀淤於 浸侵
皲军 痂加伽 痱疿 腋液夜 素索 丘秋邱 热执 烧绕饶 黏粘 节结 溃馈匮 疼痋 潮嘲 癌岩 肤肢 颊夹 踝裸
癞赖 瘤榴 疤巴
"""
"""A Chinese character and those written for it, by ear or by shape: "斑班般搬" says that 班, 般 and 搬 are written for 斑."""
PLAIN = """
上班 下班 夜班 值班 加班 班级 班里 班上 同班 门诊 就诊 急诊 会诊 初诊 复诊 确诊 诊断 诊疗 诊治 诊所 出诊
误诊 来诊 接诊 叩诊 听诊 触诊 营养 培养 保养 休养 疗养 养殖 饲养 抚养 家养 吸氧 缺氧 氧化 血氧 双氧 泡沫
泡澡 泡脚 浸泡 肺泡 灯泡 浓度 浓缩 农村 务农 症状 病症 炎症 重症 并发症 适应症 后遗症 症见 切削 种植 种类
各种 一种 多种 这种 何种 接种 种子 播种 脸部 脸上 脸色 洗脸 洗澡 操作 体操 寻找 寻求 上旬 中旬 下旬
座位 坐下 坐位 静坐 标志 同志 日志 意志 脚趾 足趾 趾甲 拓展 相逢 每逢 入侵 侵犯 侵入 军人 军训 参加 增加
加重 加用 加上 液体 输液 血液 溶液 夜间 夜里 半夜 昼夜 熬夜 线索 检索 秋季 秋天 执行 结果 结构 结合 总结
结束 结膜 结痂 结肠 夹杂 夹板 裸露 肢体 四肢 下肢 上肢 肢端 患肢 鲜红 新鲜 海鲜 扬州 宫殿 淀粉 沉淀 搬运
搬家 般若 一般 百般 尤其 犹如 坐骨 痔疮 粘连 粘着 粘稠 粘附 农民 农药 噪音 躁狂 烦躁 急躁 澡堂
"""
"""Ordinary Chinese words that hold such a character: it stays what it is in them."""
