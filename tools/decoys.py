"""Words that hold the name of a finding and mean something else. They take part in the longest match and then count for nothing."""

from __future__ import annotations

DECOYS: tuple[str, ...] = tuple(
    phrase.strip()
    for line in """
    came back | come back | comes back | coming back | goes back | going back | went back | back from | back home | dates back
    returned from work | returned from school | returned from hospital | returned from the hospital | returned from surgery
    brought back | call back | back and forth | back to normal | back to work | back to school | back at once | back if
    round the | round her | round his | all year round | round trip | another round | round of | chest physician | knee brace
    hand sanitizer | hand cream | hand lotion | hand surgeon | on the other hand | on the one hand | second hand | second-hand
    by hand | hand out | handout | handed | left handed | right handed | head of | heart attack | hearing aid | eye clinic
    eye doctor | eye drops | eye drop | ear drops | nose drops | foot care | foot clinic | foot of the bed | toe the line
    orange peel | non-pitting | nonpitting | non pitting | pitting oedema | pitting edema | same side as
    lip balm | lipstick | face to face | face mask | face wash | neck brace | neck collar | tongue depressor | breast milk
    breast fed | breast feeding | nail polish | nail varnish | nail salon | back pain clinic | head to toe | from head to toe
    foot and mouth disease | hand foot and mouth | hand, foot and mouth | hand, foot, and mouth | many years | many times
    many months | how many | many people | weak positive | weakly positive | pain killer | painkiller | pain relief | patch test
    patch testing | patch tested | spot urine | spot test | blood spot | cold compress | cold water | common cold | dry ice
    ice cream | red flag | red cell | red blood cell | red meat | white cell | white blood cell | white count | white cell count
    white man | white woman | white male | white female | white boy | white girl | white patient | black man | black woman
    black male | black female | black patient | black boy | black girl | black african | brown bread | pink eye clinic
    yellow card | yellow fever | blue cross | green tea | mass index | body mass | hot line | cool down | tan skin | tanned skin
    fits what | fits with | fits the | fits well | fits a | fits his | fits her | fits in with | fits into | not fit | does not fit
    red and sore | sore and red | is sore | was sore | are sore | were sore | so sore | very sore | became sore | feels sore
    felt sore | got sore | sore when | sore to | sore and tender | sore throat
    arm with the fistula | fistula arm | av fistula | arteriovenous fistula | dialysis fistula | fistula fine | fistula side
    fistula patent | fistula works | fistula working | fistula has a thrill | side of the fistula | necrotic plug | necrotic core
    methylated spirits | white spirits | good spirits | high spirits | low spirits | light switch | scar tissue massage | self conscious
    self-conscious | was immobile | were immobile | immobile in
    immobile for | remained immobile | conscious of | patient contact | lime juice | limes | prick test | skin prick
    neck pain | extensive necrosis | extensive history | extensive testing | extensive travel | extensive surgery | extensive work-up
    hair growth | growth on culture | growth retardation | growth hormone | growth factor | poor growth | growth spurt | growth curve
    ring finger | ring road | phone call | multiple sclerosis | multiple occasion | multiple visit | wood's lamp | woods lamp
    wood lamp | wood's light | antibodies raised | antibody raised | levels raised | level raised | titre raised | titres raised
    count raised | goat milk | goat's milk | cow milk | cow's milk | sheep milk | horse oil | chicken soup | bird's eye
    不好意思 | 一直不好意思 | 总不好意思
    颈椎病 | 颈椎 | 腰椎间盘突出 | 腰椎 | 胸椎 | 胸闷 | 口腔科 | 耳鼻喉科 | 皮肤科 | 眼科 | 手外科 | 手足外科 | 面部清洁
    洗面奶 | 面霜 | 护手霜 | 唇膏 | 口红 | 指甲油 | 美甲店 | 耳温 | 耳机 | 舌质红 | 舌红 | 舌淡 | 舌苔 | 舌质 | 舌质淡
    舌质淡红 | 舌淡红 | 舌尖红 | 舌暗 | 舌暗红 | 舌紫暗 | 舌质暗 | 舌胖 | 舌体胖 | 舌边齿痕 | 苔薄白 | 苔薄黄 | 苔黄 | 苔白
    苔腻 | 苔黄腻 | 苔白腻 | 紫外线 | 紫草 | 紫外光 | 蓝光 | 红光 | 红霉素 | 白细胞 | 红细胞 | 黑加仑 | 痛经 | 痛苦 | 痛快
    臭氧 | 疼爱 | 背景 | 背心 | 背包 | 胸腺 | 胸罩 | 胸花 | 油漆工资 | 癌胚抗原 | 癌症筛查 | 猫眼 | 热狗 | 脚本 | 手脚架
    脚手架 | 腿毛 | 眉笔 | 眉粉 | 耳语 | 腹稿 | 肩周炎 | 膝上 | 腰围 | 胸围 | 臀围 | 臂章 | 腕表 | 全身只有 | 身上只有
    迷糊中 | 睡得迷糊 | 只有这么一块 | 肤色发 | 肤色深 | 肤色偏 | 肤色变 | 针眼大 | 针眼状 | 针眼样 | 食指大 | 拇指大 | 指甲大 | 指甲盖大
    指甲盖大小 | 指甲大小 | 小指大 | 手指大小 | 指头大 | 巴掌大小 | 指甲抓 | 指甲剪 | 指甲刀 | 用指甲 | 用手指 | 手指按 | 手指压
    手指刮 | 用手按 | 用手压 | 用手摸 | 用手抠 | 并指教 | 并指导 | 并指出 | 牛背 | 马背 | 猩红热状 | 猩红热样 | 贫血痣 | 手臂
    背面观 | 手法 | 手动 | 面临 | 面对 | 面谈 | 口述 | 口诉 | 心口 | 胸口闷 | 头痛医头 | 头一 | 口腔溃疡散 | 口腔溃疡贴 | 哭闹时
    哭闹后 | 一般情况 | 精神一般 | 痒疹 | 疹子科 | 冷冻治疗 | 冷敷 | 热敷 | 热水 | 凉水 | 冷水
    """.strip().splitlines()
    for phrase in line.split("|")
    if phrase.strip()
)
"""English and Chinese; a longer wording of a finding that holds a decoy still wins."""
