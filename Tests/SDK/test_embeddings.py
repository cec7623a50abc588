"""Embeddings by openai and google-genai, from both providers that make them."""
import math

import openai
import pytest
from google.genai import errors

from sdklab import EMBEDDERS


@pytest.fixture(params=EMBEDDERS)
def embedder(request):
    return request.param


# What each makes where no dimensions are asked for.
LENGTHS = {"text-embedding-3-small": 1536, "gemini-embedding-001": 3072}


def loose(stage, how):
    """The SDK's own validation knows no base64, which the SDK itself asks for."""
    return stage.client("openai", how, _strict_response_validation=False)


def check(vectors, texts, length):
    assert len(vectors) == len(texts)
    for vector in vectors:
        assert len(vector) == length
        assert math.isclose(sum(value * value for value in vector), 1, rel_tol=1e-3)
    assert len({tuple(vector) for vector in vectors}) == len(set(texts))


@pytest.mark.parametrize("form", [openai.omit, "float", "base64"])
def test_by_openai(stage, how, embedder, form):
    client = loose(stage, how)
    texts = ["one text", "and another", "one text"]
    reply = client.embeddings.create(model=embedder, input=texts, encoding_format=form)
    assert [item.index for item in reply.data] == [0, 1, 2]
    if form == "base64":
        assert all(isinstance(item.embedding, str) for item in reply.data)
    else:
        check([item.embedding for item in reply.data], texts, LENGTHS[embedder])
    assert reply.model == embedder
    assert reply.usage.prompt_tokens == reply.usage.total_tokens == 2 + 3 + 2


def test_one_text_and_dimensions(stage, how, embedder):
    client = loose(stage, how)
    reply = client.embeddings.create(model=embedder, input="a text", dimensions=64)
    check([item.embedding for item in reply.data], ["a text"], 64)


def test_tokens_go_to_their_own_provider_only(stage, how, embedder):
    client = loose(stage, how)
    if embedder == "text-embedding-3-small":
        reply = client.embeddings.create(model=embedder, input=[1, 2, 3])
        assert reply.usage.prompt_tokens == 3
        return
    with pytest.raises(openai.BadRequestError) as refusal:
        client.embeddings.create(model=embedder, input=[1, 2, 3])
    assert refusal.value.param == "input"


def test_by_google(stage, how, embedder):
    client = stage.client("gemini", how)
    texts = ["one text", "and another", "a third"]
    reply = client.models.embed_content(model=embedder, contents=texts)
    check([item.values for item in reply.embeddings], texts, LENGTHS[embedder])
    reply = client.models.embed_content(
        model=embedder, contents="alone", config={"output_dimensionality": 32})
    check([item.values for item in reply.embeddings], ["alone"], 32)


def test_a_chat_model_makes_none(stage, how):
    with pytest.raises(openai.BadRequestError) as refusal:
        stage.client("openai", how).embeddings.create(model="claude-haiku-4-5", input="a text")
    assert refusal.value.param == "model"
    with pytest.raises(errors.ClientError) as refusal:
        stage.client("gemini", how).models.embed_content(
            model="deepseek-chat", contents="a text")
    assert refusal.value.code == 400
