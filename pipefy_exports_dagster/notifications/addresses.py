"""The addresses that a configuration names, read from the environment when there is something to tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipefy_exports_dagster.config.notify import HiddenAddress, addresses_in, is_address


@dataclass(frozen=True, slots=True)
class Address:
    """Where messages go.

    Args:
        name: The variable's name, with a number where it holds several; a number alone without a variable.
        hidden: The address; None where there is none.
        problem: Why there is none, without quoting what is there.
    """

    name: str
    hidden: HiddenAddress | None
    problem: str = ""


def addresses_of(notify: Sequence[str], environment: Mapping[str, str]) -> list[Address]:
    """Return each address once, in the configuration's order, and what is no address with its problem.

    Args:
        notify: Names of variables and hidden addresses, as `PipefyExportsConfig.notify` has them.
        environment: Where the variables are.
    """
    found: list[Address] = []
    for number, entry in enumerate(notify, 1):
        if isinstance(entry, HiddenAddress):
            found.append(Address(f"notify {number}", entry))
        else:
            found += _of_variable(entry, environment.get(entry, ""))
    # Of two that are the same, the first is told.
    last = {address.hidden or address.name: address for address in reversed(found)}
    return [address for address in found if last[address.hidden or address.name] is address]


def variable_of(name: str) -> str:
    """Return the variable of an address's name: `X` of `X 2`."""
    return name.partition(" ")[0]


def _of_variable(name: str, text: str) -> list[Address]:
    if not text.strip():
        return [
            Address(
                name, None, f"{name} is not set, or empty: set it to an address, or leave it out of `notify`"
            )
        ]
    if not is_address(text):
        return [
            Address(
                name,
                None,
                f"{name} holds no address: it has to begin like mailto:// or slack://, as apprise's addresses do",
            )
        ]
    addresses = addresses_in(text)
    names = [name] if len(addresses) == 1 else [f"{name} {number}" for number in range(1, len(addresses) + 1)]
    return [Address(name, HiddenAddress(address)) for name, address in zip(names, addresses, strict=True)]
