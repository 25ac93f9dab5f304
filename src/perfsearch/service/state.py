"""What one running application holds: library, options, keys, jobs, logs; the routes ask for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from perfsearch.library import Library
from perfsearch.service.api.problems import RefusalError
from perfsearch.service.clustering import KeptClusters
from perfsearch.service.cursors import Cursors
from perfsearch.service.drafts import Drafts
from perfsearch.service.guard.audit import AuditLog
from perfsearch.service.guard.gate import Caller
from perfsearch.service.guard.keys import KeyRing, Principal, Role
from perfsearch.service.guard.limits import RateLimit
from perfsearch.service.guard.sessions import Sessions
from perfsearch.service.jobs import Jobs
from perfsearch.service.leaves import Leaves
from perfsearch.service.options import ServiceOptions
from perfsearch.service.uploads import Uploads
from perfsearch.service.watch.metrics import Metrics
from perfsearch.settings import Settings


@dataclass(slots=True)
class ServiceState:
    """`library` is open to read from the start of the application to its end.

    `rate` limits the requests of a caller, `failures` the wrong keys from an address.
    """

    settings: Settings
    options: ServiceOptions
    keys: KeyRing
    sessions: Sessions
    rate: RateLimit
    failures: RateLimit
    cursors: Cursors
    audit: AuditLog
    metrics: Metrics
    jobs: Jobs
    uploads: Uploads
    drafts: Drafts
    clusters: KeptClusters
    leaves: Leaves
    library: Library | None = None


async def state_of(request: Request) -> ServiceState:
    """The application's state."""
    state: ServiceState = request.app.state.service
    return state


State = Annotated[ServiceState, Depends(state_of)]


async def library_of(state: State) -> Library:
    """The library that the application serves.

    Raises:
        RefusalError: it is not open yet, or no more.
    """
    if state.library is None:
        raise RefusalError(503, "not-ready", "the library is not open")
    return state.library


Served = Annotated[Library, Depends(library_of)]


async def principal_of(request: Request) -> Principal:
    """Who asks.

    Raises:
        RefusalError: nobody that is known.
    """
    caller: Caller = request.state.caller
    if caller.principal is None:
        raise RefusalError(401, "unauthorized", "a key is needed")
    return caller.principal


Asker = Annotated[Principal, Depends(principal_of)]


def needs(role: Role) -> Callable[[Principal], Awaitable[Principal]]:
    """A dependency that lets pass who has at least this role."""

    async def check(principal: Asker) -> Principal:
        if not principal.may(role):
            raise RefusalError(
                403, "forbidden", f"this needs the role {role}; the key {principal.name!r} has {principal.role}"
            )
        return principal

    return check


Editor = Annotated[Principal, Depends(needs("editor"))]
Admin = Annotated[Principal, Depends(needs("admin"))]
