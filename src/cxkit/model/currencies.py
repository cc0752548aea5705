"""The currencies of ISO 4217 and how many decimals each of them has."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# The active list as of January 2026. Precious metals, bond market units, testing codes and the like have no minor unit
# ("N.A." in the standard), so no amount of them can be written in one, and they aren't here.
_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF "
_TWO = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW "
    "CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF "
    "IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK "
    "MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP "
    "SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG "
    "YER ZAR ZMW ZWG "
)
_THREE = "BHD IQD JOD KWD LYD OMR TND "
_FOUR = "CLF UYW "

# Withdrawn since 2007. Shops hold years of orders in them, and a currency's end doesn't make those orders wrong.
_WITHDRAWN_NONE = "BYR "
_WITHDRAWN_TWO = (
    "ANG AZM BGN CSD CUC CYP EEK GHC HRK LTL LVL MRO MTL MZM ROL SDD SIT SKK SLL STD TMM TRL VEB VEF ZMK ZWD ZWL ZWR "
)

MINOR_DIGITS: Final[Mapping[str, int]] = MappingProxyType(
    dict.fromkeys((_NONE + _WITHDRAWN_NONE).split(), 0)
    | dict.fromkeys((_TWO + _WITHDRAWN_TWO).split(), 2)
    | dict.fromkeys(_THREE.split(), 3)
    | dict.fromkeys(_FOUR.split(), 4)
)
"""Code to minor digits: 2 for USD (cents), 0 for VND, 3 for KWD, 4 for CLF."""

WITHDRAWN: Final = frozenset((_WITHDRAWN_NONE + _WITHDRAWN_TWO).split())
"""The codes that ISO 4217 has withdrawn and cxkit still reads."""
