"""Words that invented values are made of: common, short, of no particular trade."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(" ".join(phrase.split()) for phrase in text.split("|"))


NOUNS = _words(
    """
anchor apple archive arrow atlas autumn badge bakery balance balloon bamboo banner barrel basket
beach beacon bicycle birch blanket blossom border bottle branch bread breeze brick bridge bucket
budget button cabin cable calendar camera candle canyon carbon cargo carpet castle cedar cellar
ceramic chapter charter cherry chimney cinema circle citrus clay client cliff clock clover coast
cobalt coffee collar comet compass concert contact copper coral corner cottage cotton course cousin
cradle crane crystal curtain dashboard deadline delta desert desk detail diary dinner dragon drawer
drift dune eagle echo editor ember engine essay event fabric falcon family feather fence ferry
festival field figure finance finch flame flower forest fossil fountain fox frame galaxy gallery
garage garden garlic gate ginger glacier glass glove granite grape gravel guest guide guitar hammer
harbor harvest hazel heron hill history hollow honey horizon hotel house idea insect invoice iris
island ivory jacket jasmine journal journey juniper kettle keyboard kitchen kite label ladder lagoon
lake lamp lantern laurel lawyer leaf lecture ledger lemon letter library lily linen list lobby
logbook lotus lunar machine magnet manual maple marble margin market marsh meadow meeting melon
memory menu meteor method mint mirror model mosaic motor mountain museum music napkin needle nest
network notebook number oak oasis ocean office olive onion orbit orchard orchid outline oven owl
packet painting palace panel paper parcel park partner passage patio pebble pencil pepper permit
phoenix photo piano picnic pine pixel planet plaster poem pocket policy pond poster powder prairie
printer profile project pumpkin puzzle quarry quartz quilt rabbit radio raven recipe record reef
report ribbon river robin rocket roof rose route saddle sail salad sample satchel savanna schedule
school score script season seed sensor shadow shell shelter shovel signal silver sketch slate snow
song spark spice spiral sponge spring spruce stable staff station stone storm story studio summary
summer summit sunset survey swallow table target temple theory thistle thunder ticket tiger timber
topaz tower trail train travel tulip tunnel turbine valley vanilla vector velvet venue village
violet violin voucher wagon wallet walnut water wave weather wheat willow window winter wolf wonder
workshop yarn zebra zenith
"""
)

ADJECTIVES = _words(
    """
amber ancient blue bold brave brief bright calm central clear clever cold cool crisp daily dark deep
double dry early eastern empty extra fair famous fast final first fresh full gentle golden grand
great green happy heavy hidden hollow inner joint large last late light little local long loud lucky
main minor modern monthly narrow neat new noble northern old open outer pale plain quick quiet rapid
rare ready red rough round royal rural second secret sharp short silent simple slow small smooth
soft solar solid southern spare special steady sunny sweet tall tidy tiny total urban warm weekly
western white wide wild young
"""
)

FOREIGN = _words(
    """
résumé café Übersicht señal naïve Straße garçon mañana Köln façade Zürich crème élan jalapeño Größe
fête Málaga João smörgås coração Øresund été Gemüse Łódź niño vélo forêt Frühling déjà Ångström pâté
São açaí Brötchen Müsli
"""
)

FIRST_NAMES = _words(
    """
Ada Adam Aisha Alan Alice Amara Amir Ana Andre Anna Anton Arjun Astrid Ben Bianca Bob Bruno Carla
Carlos Carmen Chen Chloe Clara Daniel David Dmitri Elena Elias Emil Emma Eric Esther Eva Farah Felix
Fiona Frank Freya Gabriel Grace Hana Hannah Hassan Helen Henry Hugo Ida Igor Ines Irene Isaac Ivan
Jack Jacob James Jana Jane Jasmin Jin John Jonas Jose Julia Kai Karen Karim Katya Kenji Kofi Lara
Laura Lea Leo Liam Lina Lisa Louis Lucas Lucy Luis Maja Marco Maria Mark Marta Mary Matteo Maya Mei
Mia Miguel Mike Milan Mina Mohamed Mona Nadia Naomi Nina Noah Nora Olga Oliver Omar Oscar Paul Pedro
Petra Priya Quinn Rachel Rafael Ravi Rosa Ruth Sam Samira Sara Sarah Sofia Stefan Susan Tara Theo
Thomas Tim Tina Tom Uma Vera Victor Wei William Yara Yusuf Zara Zoe
"""
)

LAST_NAMES = _words(
    """
Abbott Acosta Adler Ahmed Allen Alvarez Andersen Baker Banerjee Barnes Becker Bell Berg Bianchi
Brown Burke Campbell Carter Castro Chang Clarke Cohen Cooper Costa Cruz Dahl Davis Diaz Dubois
Edwards Ellis Evans Fischer Fisher Fleming Foster Garcia Ghosh Gomez Gray Green Gupta Hall Hansen
Harris Hayes Hoffman Hughes Ito Jackson Jansen Jensen Johnson Jones Kapoor Keller Kelly Khan Kim
King Klein Kowalski Kumar Larsen Lee Lewis Lindgren Lopez Martin Meyer Miller Mitchell Moore Morales
Morgan Moreau Nakamura Nguyen Novak Okafor Olsen Ortiz Osman Park Parker Patel Perez Petrov Quinn
Ramos Reed Reyes Rivera Roberts Rossi Russo Sanders Santos Sato Schmidt Schulz Scott Sharma Silva
Singh Smith Sousa Stone Suzuki Tanaka Taylor Thompson Torres Turner Vargas Wagner Walker Wang Watson
Weber White Wilson Wong Wright Yamada Young Zhang
"""
)

CITIES = _phrases(
    """
Aberdeen|Adelaide|Amsterdam|Antwerp|Athens|Austin|Baltimore|Bangkok|Barcelona|Basel|Beirut|Belfast|Bergen|Berlin|Bilbao|Bogota|Bologna|Boston|Bremen|Brighton|Brisbane|Bristol|Brussels|Budapest|Buenos
Aires|Cairo|Calgary|Cape
Town|Cardiff|Chicago|Cleveland|Cologne|Copenhagen|Cork|Dakar|Dallas|Delhi|Denver|Detroit|Dresden|Dublin|Edinburgh|El
Paso|Florence|Frankfurt|Geneva|Genoa|Glasgow|Granada|Graz|Halifax|Hamburg|Hanoi|Helsinki|Houston|Istanbul|Jakarta|Kansas
City|Krakow|Kyoto|Las Vegas|Leeds|Leipzig|Lima|Lisbon|Liverpool|London|Long Beach|Los
Angeles|Lyon|Madrid|Malaga|Manchester|Manila|Marseille|Melbourne|Memphis|Mexico
City|Miami|Milan|Milwaukee|Montreal|Mumbai|Munich|Nairobi|Naples|Nashville|New Orleans|New
York|Nice|Oakland|Osaka|Oslo|Ottawa|Oxford|Palermo|Panama
City|Paris|Perth|Philadelphia|Phoenix|Pittsburgh|Portland|Porto|Prague|Quebec
City|Quito|Riga|Rome|Rotterdam|Sacramento|Salt Lake City|Salzburg|San Antonio|San Diego|San
Jose|Santiago|Seattle|Seoul|Seville|Singapore|Sofia|Stockholm|Stuttgart|Sydney|Taipei|Tallinn|Tampa|Tokyo|Toronto|Trieste|Tucson|Turin|Utrecht|Valencia|Vancouver|Venice|Verona|Vienna|Warsaw|Wellington|Winnipeg|York|Zagreb|Zurich
"""
)

ENDINGS = _words(
    """
txt md pdf csv json xml yaml yml toml ini log docx xlsx pptx odt tex py js ts html css java c cpp h
go rs rb php sh sql zip tar.gz gz jpg jpeg png gif svg webp mp3 wav mp4 mov bak tmp cfg conf dat db
ipynb
"""
)

SENTENCES = _phrases(
    """
see you at the station|I am running ten minutes late|the meeting moved to Thursday|call me when you
get home|happy birthday and all the best|the package has arrived|do not forget the keys|dinner is
ready|bring a warm jacket|pick up the dry cleaning|water the plants|renew the library books|thanks
for your help yesterday|the report is done|let me know what you think|we are out of coffee|the train
is delayed|buy a present for the party|feed the cat|book the dentist|take out the recycling|pay the
electricity bill|the door code has changed|check the tire pressure|I will send the numbers
tonight|congratulations on the new job|the plumber comes at noon|return the ladder|practice the
second song|please review the draft|back up the laptop|the kids need lunch|lunch is on me|stretch
for ten minutes|clean the garage|the tickets are in your inbox|charge the camera|finish the
slides|write to the landlord|we got the apartment|bring the blue folder|the sample looks fine|order
more paper
"""
)

NUMBER_WORDS = _words(
    """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
sixteen seventeen eighteen nineteen
"""
)
TENS = ("", "", *_words("twenty thirty forty fifty sixty seventy eighty ninety"))

STOP = frozenset(
    _words(
        """
a about again all also am an and any are as at back be been but by can could d did do does for from
get give got had has have he hello here hey hi how i i'd i'm id if im in into is it its just let
let's lets like ll m may me might mine must my need no nor not now of off ok okay on one ones onto
or our out over please re s shall she should so some t than thank thanks that the their them then
there these they this those to too up us ve want was we well were what what's whats which who will
with would you your
"""
    )
)
