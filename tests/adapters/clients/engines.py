"""Clients of three search engines against a session: prints one JSON object of what they read."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import requests
from langchain_community.utilities import GoogleSerperAPIWrapper, SearxSearchWrapper
from tavily import AsyncTavilyClient, BadRequestError, TavilyClient

QUERY, PAGE = "lighthouse engineer Orrin Sound", "https://orrin.example/lighthouse"
SERPER = "https://google.serper.dev/"
"""Where the wrapper asks, whatever it is told."""


def tavily(base: str) -> dict[str, Any]:
    client = TavilyClient(api_key="none", api_base_url=f"{base}/tavily")
    found = client.search(QUERY, max_results=3, include_raw_content=True)
    pages = client.extract([PAGE, "https://orrin.example/none"])
    try:
        client.search(" ")
        refused = ""
    except BadRequestError as error:
        refused = str(error)
    return {
        "urls": [one["url"] for one in found["results"]],
        "scores": [one["score"] for one in found["results"]],
        "page": pages["results"][0]["raw_content"],
        "failed": [one["url"] for one in pages["failed_results"]],
        "refused": refused,
    }


async def tavily_together(base: str) -> int:
    client = AsyncTavilyClient(api_key="none", api_base_url=f"{base}/tavily")
    found = await asyncio.gather(*(client.search(f"ferry {number}") for number in range(6)))
    return sum(bool(one["results"]) for one in found)


def serper(base: str) -> dict[str, Any]:
    post = requests.post

    def redirected(url: str, **options: Any) -> requests.Response:
        return post(url.replace(SERPER, f"{base}/serper/"), **options)

    requests.post = redirected
    wrapper = GoogleSerperAPIWrapper(serper_api_key="none", k=3)
    links = [one["link"] for one in wrapper.results(QUERY)["organic"]]
    return {"links": links, "text": wrapper.run(QUERY)}


def searxng(base: str) -> dict[str, Any]:
    wrapper = SearxSearchWrapper(searx_host=f"{base}/searxng", k=3)
    return {"results": wrapper.results(QUERY, num_results=3), "text": wrapper.run(QUERY)}


if __name__ == "__main__":
    address = sys.argv[1]
    seen = {"tavily": tavily(address), "serper": serper(address), "searxng": searxng(address)}
    print(json.dumps(seen | {"together": asyncio.run(tavily_together(address))}))
