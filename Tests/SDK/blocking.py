"""Asynchronous SDK clients used like their synchronous twins, so that one test covers both."""
import asyncio
import inspect


class Loop:
    """An event loop that runs whenever a test waits for something."""

    def __init__(self):
        self._loop = asyncio.new_event_loop()

    def blocking(self, value):
        """The value itself, or a stand-in that waits where the value would have to be awaited."""
        while inspect.isawaitable(value):
            value = self.run(value)
        return Blocking(self, value) if is_asynchronous(value) else value

    def run(self, awaitable):
        async def wait():
            return await awaitable
        return self._loop.run_until_complete(wait())

    def close(self):
        self.run(self._loop.shutdown_asyncgens())
        self._loop.close()


class Blocking:
    """Stands for a client, one of its resources, a page, a stream or a stream's manager."""

    def __init__(self, loop, value):
        self._loop, self._value = loop, value

    def __getattr__(self, name):
        member = getattr(self._value, name)
        if not callable(member) or inspect.isclass(member):
            return self._loop.blocking(member)
        return lambda *given, **named: self._loop.blocking(member(*given, **named))

    def __iter__(self):
        iterator = self._value.__aiter__()
        while True:
            try:
                item = self._loop.run(iterator.__anext__())
            except StopAsyncIteration:
                return
            yield item

    def __enter__(self):
        return self._loop.blocking(self._value.__aenter__())

    def __exit__(self, *what):
        return self._loop.run(self._value.__aexit__(*what))


def is_asynchronous(value):
    kind = type(value)
    if any(hasattr(kind, name) for name in ("__aiter__", "__anext__", "__aenter__")):
        return True
    return "Async" in kind.__name__ and kind.__module__.split(".")[0] in (
        "openai", "anthropic", "google")
