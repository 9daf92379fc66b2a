"""Gold cases: what must go and what must stay, as tables. All people, numbers and places are made up."""

from __future__ import annotations

import pytest

from yingzhi.tools.deidentify import Masker

CHINESE: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("姓名：王小明  性别：男  年龄：45岁", ("王小明",), ("性别：男", "45岁")),
    ("姓名:欧阳静,女,32岁", ("欧阳静",), ("女", "32岁")),
    ("姓名 李红 性别 女", ("李红",), ("性别 女",)),
    ("患者姓名：阿不都热依木·买买提，男", ("阿不都热依木", "买买提"), ("男",)),
    ("姓名：John Smith，性别：男", ("John", "Smith"), ("性别：男",)),
    ("患者王小明因皮疹3天入院", ("王小明",), ("因皮疹3天入院",)),
    ("患者张伟，男，56岁，因瘙痒就诊。", ("张伟",), ("男，56岁，因瘙痒就诊。",)),
    ("患者王胜男，女，30岁", ("王胜男",), ("女，30岁",)),
    ("王小明，男，45岁，主因红斑2周入院。", ("王小明",), ("男，45岁，主因红斑2周入院。",)),
    ("刘洋 女 28岁 面部红斑", ("刘洋",), ("女 28岁 面部红斑",)),
    ("李女士，45岁，双手湿疹5年。", ("李女士",), ("女士，45岁，双手湿疹5年。",)),
    ("今日王先生复诊，皮损消退。", ("王先生",), ("先生复诊，皮损消退。",)),
    ("经陈主任查房后，考虑天疱疮。", ("陈主任",), ("主任查房后，考虑天疱疮。",)),
    ("由陈建国主任医师主刀行活检。", ("陈建国",), ("主任医师主刀行活检。",)),
    ("患者张某某，男性，50岁。", ("张某某",), ("男性，50岁。",)),
    ("李某，女，20岁，因颜面部丘疹就诊", ("李某",), ("女，20岁，因颜面部丘疹就诊",)),
    ("主治医师：李红/张建国", ("李红", "张建国"), ("主治医师：",)),
    ("医师签名：赵丽颖 2024年3月5日", ("赵丽颖", "3月5日"), ("医师签名：",)),
    ("联系人：王大明（父子），电话：010-62345678", ("王大明", "62345678"), ("父子",)),
    ("其父王大明，其母亲李桂兰，均体健。", ("王大明", "李桂兰"), ("均体健",)),
    ("司马光明医生会诊", ("司马光明",), ("医生会诊",)),
    ("我叫刘思雨，今年28岁，脸上长痘。", ("刘思雨",), ("今年28岁，脸上长痘。",)),
    ("护士：孙丽；记录者：周杰", ("孙丽", "周杰"), ("护士：", "记录者：")),
    ("身份证号：110105194912310021", ("110105194912310021",), ("身份证号：",)),
    ("身份证号码为11010519491231002x，已核对", ("11010519491231002x",), ("已核对",)),
    ("证件 11010519491231002X 已登记", ("11010519491231002X",), ("已登记",)),
    ("旧号 130503670401001 ，已换", ("130503670401001",), ("已换",)),
    ("手机13800138000，备用 +86 139-1234-5678", ("13800138000", "139-1234-5678"), ("手机", "备用")),
    ("座机(021)62345678转801；0755-83456789", ("62345678", "83456789"), ()),
    (
        ("邮箱zhang.san@example.com.cn，微信号：zs_1988，QQ：123456789"),
        ("zhang.san@example.com.cn", "zs_1988", "123456789"),
        ("邮箱", "微信号"),
    ),
    ("住院号：ZY20240315 床号：12 门诊号 0098123", ("ZY20240315", "：12 ", "0098123"), ("住院号：", "床号：")),
    ("病案号：123456，病历号:A-7788，就诊卡号：990012345", ("123456", "A-7788", "990012345"), ()),
    ("医保卡号：3101234567，病理号：B2024-0012", ("3101234567", "B2024-0012"), ()),
    ("银行卡号 6222 0212 3456 7890 128", ("6222 0212 3456 7890",), ("银行卡号",)),
    ("卡 4111111111111111 缴费", ("4111111111111111",), ("缴费",)),
    ("护照号：E12345678", ("E12345678",), ()),
    ("车牌号：京A12345；另一辆沪BD12345", ("京A12345", "沪BD12345"), ()),
    ("住址：北京市海淀区中关村大街27号3单元501室。皮疹3天。", ("海淀", "中关村", "501"), ("住址：", "皮疹3天。")),
    (
        ("家庭住址：山东省济南市历下区解放路12号 联系电话：13912345678"),
        ("济南", "历下", "解放路", "13912345678"),
        ("家庭住址：", "联系电话："),
    ),
    ("家住中山北路123弄45号602室，近期装修。", ("中山北路", "123弄", "602"), ("近期装修。",)),
    ("住阳光花园3栋2单元501，养猫。", ("阳光花园", "501"), ("养猫。",)),
    ("籍贯：湖南长沙，职业：农民", ("长沙",), ("职业：农民",)),
    ("曾于北京协和医院就诊，诊断为银屑病。", ("协和",), ("曾于", "就诊，诊断为银屑病。")),
    ("外院（广州市第一人民医院）查血常规正常", ("广州市第一人民医院",), ("外院", "查血常规正常")),
    ("在四川大学华西医院皮肤科住院", ("四川大学", "华西"), ("皮肤科住院",)),
    ("工作单位：红星机械厂，工种：焊工", ("红星机械厂",), ("工种：焊工",)),
    ("出生日期：1978-05-06，2024.3.5入院", ("1978-05-06", "2024.3.5"), ("出生日期：", "入院")),
    ("邮编：100084", ("100084",), ("邮编：",)),
)
TRADITIONAL: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("病患歐陽麗華女士，民國113年3月5日就診", ("歐陽麗華", "3月5日"), ("病患", "女士", "民國113年", "就診")),
    ("姓名：陳美玲　身分證字號：A123456789", ("陳美玲", "A123456789"), ("身分證字號：",)),
    ("身份證 A123456(3)，電話 9123 4567", ("A123456(3)", "9123 4567"), ()),
    ("陳醫師診斷為類天皰瘡", ("陳醫師",), ("醫師診斷為類天皰瘡",)),
    ("聯絡電話：0912-345-678，住址：台北市信義區松仁路100號3樓", ("0912-345-678", "信義區", "松仁路"), ("聯絡電話：", "住址：")),
    ("病歷號碼：1234567，健保卡號000012345678", ("1234567", "000012345678"), ("病歷號碼：",)),
    ("於臺大醫院皮膚科就診", ("臺大",), ("於", "皮膚科就診")),
    ("葉先生，82歲，軀幹水皰", ("葉先生",), ("先生，82歲，軀幹水皰",)),
    ("護照號碼：H12345678 微信：wong_88", ("H12345678", "wong_88"), ()),
    ("香港九龍彌敦道123號5樓B室", ("彌敦道", "123號"), ()),
)
ENGLISH: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("Patient name: John Smith, DOB: 05/03/1978", ("John", "Smith", "05/03/1978"), ("DOB:",)),
    ("Name: SMITH, John  MRN: 00123456", ("SMITH", "John", "00123456"), ("MRN:",)),
    ("Name: O'Brien, Mary-Jane", ("O'Brien", "Mary-Jane"), ("Name:",)),
    ("Mr Johnson has Stevens-Johnson syndrome.", ("Mr Johnson",), ("Stevens-Johnson syndrome.",)),
    ("Seen by Dr. Maria de la Cruz in clinic.", ("Maria", "Cruz"), ("in clinic.",)),
    ("John Smith, a 45-year-old man, presents with itch.", ("John", "Smith"), ("a 45-year-old man, presents with itch.",)),
    ("Wang Xiaoming is a 45-year-old woman.", ("Wang", "Xiaoming"), ("is a 45-year-old woman.",)),
    ("Jane Doe (45 F) with plaques", ("Jane", "Doe"), ("(45 F) with plaques",)),
    ("A 30-year-old woman named Anna Kowalska. Later Kowalska improved.", ("Anna", "Kowalska"), ("Later",)),
    ("Dear Dr Patel,\nThank you for seeing Mrs. Lee.", ("Patel", "Lee"), ("Thank you for seeing",)),
    ("Yours sincerely,\nEleanor Rigby", ("Eleanor", "Rigby"), ("Yours sincerely,",)),
    ("Reviewed by: Peter Jones, MD", ("Peter", "Jones"), ("Reviewed by:",)),
    ("His wife Emily noticed the rash.", ("Emily",), ("noticed the rash.",)),
    ("Patient: Robert Brown\nRobert reports pruritus.", ("Robert",), ("reports pruritus.",)),
    ("NHS number 943 476 5919; 943 476 5919", ("943 476 5919",), ("NHS number",)),
    ("Hospital No: H-223344, Record No. 8877665", ("223344", "8877665"), ()),
    ("SSN 123-45-6789, passport no. X1234567", ("123-45-6789", "X1234567"), ()),
    ("Phone: (415) 555-0132, cell 415-555-0199, +44 20 7946 0958", ("555-0132", "555-0199", "7946"), ()),
    ("Tel 020 7946 0958 or 07700 900123", ("7946", "900123"), ("Tel",)),
    ("Email j.smith@example.com; https://portal.example.com/u/jsmith?id=7", ("j.smith", "jsmith"), ("Email",)),
    ("He lives at 12 High Street, London SW1A 1AA. Itch for 2 weeks.", ("High Street", "SW1A"), ("Itch for 2 weeks.",)),
    ("Address: Flat 3, 45 Park Road, Leeds\nRash for 3 days", ("Park Road", "Leeds"), ("Rash for 3 days",)),
    ("742 Evergreen Terrace, Springfield, IL 62704", ("Evergreen", "62704"), ()),
    ("Postcode: M1 1AE, zip code 02139", ("M1 1AE", "02139"), ("Postcode:",)),
    ("Biopsy at St Mary's Hospital on 12 March 2024", ("St Mary", "12 March"), ("Biopsy at", "2024")),
    ("Transferred from University Hospital of North Wales", ("North Wales",), ("Transferred from",)),
    ("Employer: Acme Rockets Ltd\nContact dermatitis", ("Acme",), ("Contact dermatitis",)),
    ("Works at Springfield Nuclear Plant with solvents", ("Springfield", "Nuclear"), ("with solvents",)),
)


@pytest.mark.parametrize(("text", "gone", "kept"), [*CHINESE, *TRADITIONAL, *ENGLISH])
def test_identifiers_go_and_the_rest_stays(text: str, gone: tuple[str, ...], kept: tuple[str, ...]) -> None:
    masker = Masker("gold")
    masked = masker.mask(text)
    assert not [piece for piece in gone if piece in masked], masked
    assert not [piece for piece in kept if piece not in masked], masked
    assert masker.unmask(masked) == text


@pytest.mark.parametrize(
    "text",
    [
        "WBC 9.8×10^9/L，Hb 120 g/L，PLT 190×10^9/L，CRP 12.5 mg/L（0-8）",
        "泼尼松 30mg 每日一次，共 14天；T 36.8℃，BP 120/80 mmHg，P 88次/分",
        "ICD-10 L40.0，HP:0000989，OMIM 177900，ORPHA:704",
        "尼氏征阴性，贝赫切特综合征、白塞病、川崎病、斯威特综合征待排。",
        "Nikolsky sign, Koebner phenomenon, Gottron papules, Wood's lamp, Auspitz sign, Kawasaki disease and Sweet syndrome.",
        "MR imaging normal. Behçet disease. Hailey-Hailey disease. Langerhans cell histiocytosis. Sister Mary Joseph nodule.",
        "Methotrexate 15 mg weekly for 12 weeks; PASI 12.4, DLQI 18, BSA 15-20%, ANA 1:320, dsDNA 120 IU/mL.",
        "患者高热3天，患者黄疸，患者周身瘙痒，患者全身红斑，患者左侧胸背部疼痛。",
        "患者平素体健，否认家族史。父亲高血压，母亲白癜风。",
        "当地医院予抗过敏治疗，上级医院会诊，外院活检。主任医师查房，上级医师指示继续治疗。",
        "对称分布于四肢伸侧区，皮损区域边界清，病区消毒。",
        "曾到云南、新疆旅游；患者来自农村。",
        "Referred to the Dermatology Clinic. Seen in Emergency. Mohs Surgery planned.",
        "Age 92, weight 54.5 kg, height 168 cm, SpO2 98%, 3-5 lesions, 10-15 mm, 1/2 tablet.",
        "Phototype III, 2 to 3 times daily, day 5, grade 2, stage IIA, T4-T6, CD4 350, HLA-B*15:02.",
        "May improve in 5 days. Mar not applicable. In 2021 she had a rash.",
        "https://doi.org/10.1000/182 and PMID 12345678",
        "Patient History: none. Chief Complaint: Itch. Past Medical History: Asthma. Family History: Psoriasis.",
        "Mother: Psoriasis. Father: Type 2 Diabetes. Doctor advised rest.",
        "肌酐 132 μmol/L，尿蛋白(++)，IgE 1250 IU/mL，EOS% 12.5%，HbA1c 7.9%。",
        "阿达木单抗 40mg 皮下注射 q2w，窄谱UVB 每周3次，累积剂量 12.5 J/cm2。",
    ],
)
def test_clinical_text_is_left_alone(text: str) -> None:
    assert Masker("gold").mask(text) == text
