"""What the chat says of its own: fixed sentences in both languages."""

from __future__ import annotations

from yingzhi.clinical.words import Text

OPENED = Text(en="Consultation", zh="会诊")
GOES_ON = Text(en="Adding to consultation", zh="补充会诊")
NOT_READ = Text(
    en="Pictures, sound and attached files are not read: describe what they show, or paste the report as text.",
    zh="图片、语音与附件不会被读取：请用文字描述所见，或粘贴报告文本。",
)
NO_WORDS = Text(en="There is nothing in words to work on.", zh="没有可供处理的文字。")
OVER = Text(
    en="This consultation is over (it was signed or rejected), so nothing was added. Open a new chat for a new consultation.",
    zh="本次会诊已结束（已签名或退回），未添加任何内容。如需新的会诊，请新建对话。",
)
NOT_HERE = Text(
    en="Nothing was signed: signing, editing and rejecting are not possible in a chat. They are done in the system of your site, or with"
    " `POST {}`.",
    zh="未签名：签名、修改与退回不能在对话中进行，请在本机构系统中操作，或使用 `POST {}`。",
)
GO_ON = Text(
    en="What you write next is added to this consultation's record, and the answer begins with what it changed. Signing, editing and"
    " rejecting are not possible in a chat: `POST {}`. For another patient, open a new chat.",
    zh="接下来所写内容将补入本次会诊病历，回答会先列出变化。签名、修改与退回不能在对话中进行：`POST {}`。其他患者请新建对话。",
)
STOPPED = Text(
    en="This service is being stopped. The consultation is not lost: it goes on when the service is back. Ask again with a short note.",
    zh="服务正在停止。会诊不会丢失，服务恢复后继续。届时请补充一句以查看结果。",
)
OVERTAKEN = Text(
    en="the consultation has gone on since that reply and stands at revision {}; nothing was added. Go on from its newest reply",
    zh="该回答之后会诊已有新的补充，现为第{}版；未添加任何内容，请从最新的回答继续",
)
PROGRESS = Text(en="Progress", zh="进展")


def acts_path(consultation: str) -> str:
    """Where the doctor acts on a consultation."""
    return f"/api/v1/consultations/{consultation}/acts"
