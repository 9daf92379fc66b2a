"""Chinese surnames, simplified: the common single ones (as counted in the household register) and the two-character ones in use."""

from __future__ import annotations

SINGLE = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜"
    "范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛"
    "伍韦申尤毕聂丛焦向柳邢路岳齐梅莫庄辛管祝左涂谷祁时舒耿牟卜詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍覃霍翁隋植甘景薄"
    "单包司柏宁柯阮桂闵解强柴华车冉房边辜吉饶刁瞿戚丘古米池滕晋苑邬臧畅宫来苟全褚廉简娄盖符奚木穆党燕郎邸冀谈姬屠连郜晏栾郁商"
    "蒙计喻揭窦迟宇敖糜鄢冷卓花仇艾蓝都巩稽井练仲乐虞卞封竺冼原官衣楚佟栗匡宗应台巫鞠僧桑荆谌银扬明沙伏岑习胥保和蔺闫肖付代卿"
    "麦邝骆利佘苍麻敬湛闻展纵"
)
"""Single surnames; 萧 and 肖, 阎 and 闫, 傅 and 付, 戴 and 代 are both written."""

COMPOUND = (
    "欧阳 司马 上官 诸葛 夏侯 东方 皇甫 尉迟 公孙 慕容 令狐 宇文 长孙 司徒 司空 南宫 端木 轩辕 百里 呼延 东郭 独孤 澹台 公冶 宗政 濮阳 "
    "淳于 单于 太叔 申屠 仲孙 钟离 闻人 赫连 拓跋 万俟 羊舌 西门 第五 梁丘 左丘 完颜 纳兰 鲜于 闾丘 亓官 司寇 子车 "
    "颛孙 巫马 公西 漆雕 乐正 壤驷 谷梁 段干 "
    "微生 即墨 达奚 褚师 张简 范姜"
)
"""Two-character surnames, a space between."""

WORDS = "植于时向方任管单和同从连都来明成全应保利代木花计原官银台查衣商习"
"""Surnames that are oftener a word: with a title alone (方医生) they do not count."""
