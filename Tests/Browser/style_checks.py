"""The merchant's look and the customer's language."""

import re

from link import Link
from merchant import Merchant, payment, to_address
from stage import Stage
from walk import done, pay, pick, render, sign_in

LANGUAGES = {"en": "en", "es-ES": "es", "de": "de", "fr-FR": "fr", "pt-BR": "pt", "ja": "ja"}
JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")

# Weak on white and on black, with a text colour that cannot be read on it; and strong.
WEAK = {"primaryColor": "#ffe680", "primaryTextColor": "#ffffff", "secondaryColor": "#fff6cc"}
STRONG = {"primaryColor": "#0b3d91", "primaryTextColor": "#ffffff", "secondaryColor": "#dbe7ff"}
BRANDS = {"weak": WEAK, "strong": STRONG}


def check_six_languages(stage: Stage) -> None:
    seen: dict[str, str] = {}
    for tag, language in LANGUAGES.items():
        body = payment(stage.merchant.order("language"), to_address(), amountInFiat=29.5)
        link = Link(stage, f"language-{language}", look=language, walks=False)
        link.open(stage.merchant.token(body), language=tag, displayFiatCurrency="EUR", **render(stage))
        assert link.browser.script("return document.documentElement.lang").split("-")[0] == language
        same_keys(link, language)
        pick(link.screen("titlePayment", merchant=stage.merchant.name))
        if stage.is_phone:
            pay(sign_in(link))
            link.screen("sentPayment")
        text = link.browser.script("return document.body.innerText")
        assert not re.search(r"\{\w+\}|undefined|\bnull\b|NaN", text), text
        assert (JAPANESE.search(text) is not None) == (language == "ja"), text
        seen[language] = link.heading() or ""
        if stage.is_phone:
            done(link)
        link.finish()
    assert len(set(seen.values())) == len(LANGUAGES), seen


def same_keys(link: Link, language: str) -> None:
    """Every text is there in the language, with the same places for values, and is not the English one."""
    load = """
      const [language, done] = arguments;
      Promise.all(["en", language].map((name) => import(`/link/assets/text-${name}.js`)))
        .then((files) => done(files.map((file) => file.default)), (error) => done([{}, { error: `${error}` }]));
    """
    english, own = link.browser.promised(load, language)
    assert set(own) == set(english), f"{language}: {sorted(set(own) ^ set(english))}"
    for key, text in own.items():
        places = [set(re.findall(r"\{(\w+)\}", one)) for one in (text, english[key])]
        assert text.strip() and places[0] == places[1], f"{language}, {key}: {text}"
    if language != "en":
        same = [key for key, text in own.items() if text == english[key] and len(text) > 15]
        assert len(same) < 5, f"{language} is English in {same}"


def check_a_language_that_link_does_not_speak_is_english(stage: Stage) -> None:
    body = payment(stage.merchant.order("language"), to_address(), amountInFiat=20)
    link = Link(stage, "language-fi").open(stage.merchant.token(body), language="fi-FI")
    assert link.browser.script("return document.documentElement.lang").startswith("en")
    link.screen("titlePayment", merchant=stage.merchant.name).finish()


def check_themes_and_brand_colours(stage: Stage) -> None:
    for name, colours in BRANDS.items():
        merchant = Merchant(f"The {name} brand")
        merchant.brand(**colours, buttonRadius=4)
        for theme in ("light", "dark"):
            link = Link(stage, f"style-{name}-{theme}", look=f"{name}-{theme}")
            body = payment(merchant.order("style"), to_address(), amountInFiat=26)
            link.open(merchant.token(body), theme=theme, **render(stage))
            pick(link.screen("titlePayment", merchant=merchant.name))
            button = link.browser.script(_BUTTON)
            assert button["radius"] == "4px", button
            if name == "strong" and theme == "light":
                assert button["colour"] == "rgb(11, 61, 145)", button
            assert (button["page"] < 0.2) == (theme == "dark"), f"{theme}: {button}"
            pay(sign_in(link))
            done(link.screen("sentPayment"))
            link.finish()


def check_the_system_theme_follows_the_system(stage: Stage) -> None:
    for scheme in ("dark", "light"):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        stage.browser.cdp("Emulation.setEmulatedMedia", features=features)
        body = payment(stage.merchant.order("system"), to_address(), amountInFiat=20)
        link = Link(stage, f"system-{scheme}", look=f"system-{scheme}")
        link.open(stage.merchant.token(body), theme="system", **render(stage))
        pick(link.screen("titlePayment", merchant=stage.merchant.name))
        button = link.browser.script(_BUTTON)
        assert (button["page"] < 0.2) == (scheme == "dark"), f"{scheme}: {button}"
        link.finish()
    stage.browser.cdp("Emulation.setEmulatedMedia", features=[])


# The main button, and how light the page is: 0 is black, 1 is white.
_BUTTON = """
const style = getComputedStyle(document.querySelector("button.primary"));
let back = null;
for (let at = document.querySelector("main"); at && !back; at = at.parentElement) {
  const colour = getComputedStyle(at).backgroundColor;
  if (!/, 0\\)$|transparent/.test(colour)) back = colour;
}
const parts = (back ?? "rgb(255, 255, 255)").match(/[\\d.]+/g).map(Number).slice(0, 3);
const scale = (back ?? "").startsWith("color(") ? 1 : 255;
return { colour: style.backgroundColor, radius: style.borderTopLeftRadius,
  page: parts.reduce((sum, part) => sum + part, 0) / 3 / scale };
"""
