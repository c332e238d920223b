"""Kinds: what everyone infers from what was said, though it is another word: sushi is Japanese, scary means horror."""

from functools import lru_cache

from callwright.checks.normal_forms import stem

_KINDS = """
    action: fight fighting explosions
    american: burger burgers barbecue bbq barbeque diner southern steak fries grill hamburger cajun creole soul wings
    animation: cartoon cartoons animated anime
    ascending: lowest cheapest oldest first earliest
    asian: oriental noodles chinese japanese thai ramen wok fusion
    bakery: bread cake pastry
    barbecue: bbq barbeque
    biographical: documentary biography biographic life history nonfiction fiction real true bio
    bistro: french
    breakfast: brunch pancake pancakes
    brunch: breakfast
    cafe: coffee
    cheap: affordable economical budget low inexpensive
    chinese: taiwanese sichuan szechuan szechwan szcheuan cantonese oriental dim dumpling noodles wok hunan shanghai
    coffeehouse: coffee cafe
    comedy: comic funny laugh laughs hilarious humor comical sitcom
    crime: fight mafia gangster murder detective criminal
    descending: highest best newest latest most top
    dessert: sweet cake ice
    documentary: real life history
    drama: emotional family
    expensive: pricey costly fancy upscale luxury high posh
    family: kids children kid
    fantasy: magic imaginative imagination
    fiction: sci scifi
    french: bistro crepe crepes brasserie croissant
    high: expensive urgent hot maximum bright
    horror: scary ghost spooky spooked scared frightening monster
    indian: punjabi curry biryani tandoori masala naan dosa
    inexpensive: cheap affordable economical budget low
    italian: pizza pasta pizzeria trattoria lasagna risotto spaghetti
    japanese: sushi ramen izakaya udon teppanyaki sashimi tempura shabu bento miso
    korean: bibimbap kimchi
    low: cheap minor minimum dim
    mafia: gangster crime
    mediterranean: persian greek kebab falafel gyro lebanese turkish
    medium: middle mid moderate average intermediate
    mexican: taco tacos burrito burritos quesadilla enchilada latin guacamole
    moderate: affordable reasonable intermediate middle medium mid average
    music: concert concerts band song gig rap
    musical: music songs
    mystery: detective suspense
    negative: bad hate terrible
    nepalese: nepali himalayan
    positive: good great love happy
    rainy: rain umbrella
    romance: love romantic
    romantic: love
    salad: salads healthy vegetarian
    sandwich: sandwiches burger deli subs
    scifi: science space alien futuristic
    seafood: fish lobster oyster oysters shrimp crab sushi
    spanish: tapas paella
    sports: game games match baseball basketball football soccer hockey tennis
    steak: steakhouse
    steakhouse: steak steaks
    sunny: sun
    sushi: japanese
    takeout: takeaway
    tapas: spanish paella
    thai: curry noodles oriental
    thriller: suspense suspenseful thrilling
    urgent: asap emergency immediately critical
    vegetarian: veggie vegan vegetable vegetables salad meatless
    vietnamese: pho banh noodles oriental
"""
"""A word, and the words from which people infer it."""
_HINTS = {
    kind.strip().encode(): said.encode().split()
    for kind, said in (line.split(":") for line in _KINDS.strip().splitlines())
}


@lru_cache(maxsize=4096)
def hints(word: bytes) -> tuple[bytes, ...]:
    """Needles of words from which people infer `word`."""
    return tuple(stem(hint) for hint in _HINTS.get(word, ()))
