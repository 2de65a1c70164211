"""Announcing speakers: they read out what their owner is paid. Nobody buys anything at them."""

import hmac
from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from typing import Any

from devices.machines.arguments import arguments
from devices.machines.base import CapturePoint, Machine, Phase, gettext_noop
from devices.machines.behaviours import Behaviour
from devices.protocol.commands import Op

LARGEST_AMOUNT = 10**12  # minor units, as everywhere on the wire
LONGEST_WORD = 12
SPEECH_S = 3  # how long it takes to say an amount

# Short words that nobody takes for each other across a counter. Their order must not change within a day.
DAY_WORDS: Mapping[str, tuple[str, ...]] = {
    "en": (
        *("apple", "bridge", "candle", "dolphin", "engine", "feather", "garden", "honey"),
        *("island", "jacket", "kettle", "lemon", "mountain", "needle", "orange", "pepper"),
        *("rabbit", "silver", "tiger", "umbrella", "violin", "window", "yellow", "zebra"),
    ),
    "ja": (
        *("さくら", "うみ", "かがみ", "つばめ", "ひまわり", "ゆき", "えんぴつ", "とけい"),
        *("みかん", "かぜ", "はしご", "たいこ", "くじら", "すずめ", "もみじ", "いちご"),
        *("ほたる", "らくだ", "ふうせん", "きつね", "なみ", "まど", "しろくま", "れもん"),
    ),
    "zh": (
        *("苹果", "月亮", "老虎", "大海", "雨伞", "铅笔", "火车", "西瓜"),
        *("白云", "熊猫", "窗户", "钥匙", "橘子", "风筝", "兔子", "石头"),
        *("帽子", "蜻蜓", "高山", "竹子", "灯笼", "鲸鱼", "桥梁", "向日葵"),
    ),
}
LOCALES = tuple(DAY_WORDS)


class Speaker(Machine):
    """Told of each payment to its owner: amount, running number and word of the day. It never holds money."""

    slug = "speaker"
    label = gettext_noop("Speaker")
    options = ()
    phases = (Phase("speech", gettext_noop("Speaking"), evidence="audio:on"),)
    capture_point = CapturePoint.NEVER
    start_op = Op.ANNOUNCE
    start_schema = arguments(
        amount_minor={"type": "integer", "minimum": 1, "maximum": LARGEST_AMOUNT},
        currency={"type": "string", "pattern": "[A-Z]{3}"},
        exponent={"type": "integer", "minimum": 0, "maximum": 4},
        no={"type": "integer", "minimum": 1},
        locale={"type": "string", "enum": list(LOCALES)},
        day_word={"type": "string", "maxLength": LONGEST_WORD},
    )
    settings_schema = arguments(
        optional=("locale",),
        locale={"type": "string", "enum": list(LOCALES)},  # what it speaks; by default the currency's
    )

    def behaviour(self, start_args: Mapping[str, Any]) -> Behaviour:
        return Behaviour(lasts_s=SPEECH_S)


def day_word(key: bytes, day: date, locale: str) -> str:
    """Return what a speaker says with each amount of a day, so that a recorded voice of another is found out.

    Args:
        key: the speaker's own signing key, so that nobody else can tell tomorrow's word.
        day: of the deployment's calendar.
        locale: one of `LOCALES`.
    """
    words = DAY_WORDS[locale]
    digest = hmac.digest(key, f"day word|{day.isoformat()}".encode(), sha256)
    return words[int.from_bytes(digest[:8], "big") % len(words)]
