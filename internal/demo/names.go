package demo

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// split reads a list that is written one line after the other with commas between the entries.
func split(s string) []string {
	var out []string
	for _, v := range strings.Split(s, ",") {
		if v = strings.Join(strings.Fields(v), " "); v != "" {
			out = append(out, v)
		}
	}
	return out
}

// firsts and lasts give 6,000 people: names of several scripts' spelling, as lists have to bear them.
func firsts() []string {
	return split(`Aaliyah, Adaeze, Agnieszka, Aiden, Aisha, Alejandro, Amélie, Anders, Aneta, Anjali, Anouk, Arjun, Astrid, Ayşe, Beatriz,
	Benedikt, Björn, Camila, Carys, Chidi, Claire, Dafydd, Danilo, Dilan, Dominika, Eilidh, Elena, Emeka, Emre, Esther, Eva, Farah, Femi,
	Filip, Finn, Gabriela, Giulia, Grace, Hana, Hassan, Helena, Ibrahim, Ingrid, Isabelle, Ivo, Jakub, Jasmin, Joanna, João, Karim, Katarzyna,
	Kenji, Klára, Lars, Laura, Leila, Liam, Lina, Lucas, Magnus, Malik, Mandla, Marta, Mateusz, Mehmet, Mei, Mira, Nadia, Naoko, Nils, Noémie,
	Olga, Oskar, Owain, Paolo, Petra, Rafael, Rasmus, Renée, Ruth, Saoirse, Sanjay, Selin, Siobhán, Sofía, Stefan, Tariq, Thandiwe, Theo, Uche,
	Vera, Viktor, Wei, Xanthe, Yara, Yusuf, Zainab, Zofia, Zoë, Žiga`)
}

func lasts() []string {
	return split(`Abara, Adeleke, Ahlström, Almeida, Andersen, Aydın, Baptiste, Bauer, Becker, Bello, Bergström, Brennan, Castellanos, Chaudhry,
	Costa, Čermák, Dąbrowski, Da Silva, Dubois, Eriksen, Evans, Fernández, Fischer, Ghosh, Grünwald, Guerrero, Hansen, Hughes, Ibáñez, Iyer,
	Jankowska, Jensen, Johansson, Kaya, Khan, Kowalczyk, Kristensen, Lefèvre, Lindberg, Lopes, MacLeod, Mahmoud, Marchetti, Martins, Moreau,
	Mwangi, Nakamura, Ncube, Nguyễn, Nowak, O’Connor, Okeke, Olsen, Osei, Öztürk, Papadakis, Pereira, Quinn, Rossi, Sato, Schäfer, Singh,
	Søndergaard, Szabó, Tanaka, Thomas, Tkachenko, Ueda, Varga, Vasquez, Weiss, Williams, Wójcik, Yamamoto, Zhang, Zieliński`)
}

// titles are job titles; many people have none.
func titles() []string {
	return split(`Marketing manager, Campaign executive, CRM analyst, Store manager, Head of digital, Office manager, Customer care lead,
	Developer, Operations manager, Regional manager, Communications officer, Data analyst, Events coordinator, Copywriter`)
}

func towns() []town {
	var out []town
	for _, v := range split(`Bristol GB, Lisbon PT, Rotterdam NL, Leeds GB, Porto PT, Lyon FR, Hamburg DE, Cork IE, Gdańsk PL, Malmö SE, Bergen NO, Seville ES,
	Turin IT, Ghent BE, Graz AT, Brno CZ, Aarhus DK, Tampere FI, Edinburgh GB, Cardiff GB, Belfast GB, Nantes FR, Cologne DE, Utrecht NL,
	Valencia ES, Bologna IT, Galway IE, Kraków PL, Uppsala SE, Basel CH, Athens GR, Riga LV, Vilnius LT, Tallinn EE, Zagreb HR, Ljubljana SI`) {
		i := strings.LastIndexByte(v, ' ')
		out = append(out, town{v[:i], v[i+1:]})
	}
	return out
}

type town struct{ name, country string }

func places() []string {
	return split(`Market Street, Station Road, Harbour Quay, Old Mill, Kings Parade, North Gate, Canal Side, Cathedral Square, Riverside Park, Science Park`)
}

func departments() []string {
	return split(`Marketing, Customer care, Retail, Wholesale, Operations, People, Events, Finance, Research`)
}

func industries() []string {
	return split(`Retail, Hospitality, Logistics, Energy, Food and drink, Health, Travel, Housing, Finance, Education, Sport, Publishing`)
}

// underPlatform, underMeridian and underSadeem are the clients besides those of the first page.
func underPlatform() []string {
	return split(`Aldergate Theatre, Amberley Foods, Anvil Tools, Arcadia Fitness, Ashdown Veterinary, Barley & Vine, Beacon Credit, Bellwether Insurance,
	Birchwood Nurseries, Blackthorn Press, Bluebird Coaches, Bramble Toys, Bridgewater College, Cairn Outdoor, Calder Valley Rail, Cardinal Hotels,
	Castlegate Cinemas, Cedar Lane Schools, Chalkstream Fishing, Chandler & Sons, Cobalt Networks, Copperfield Books, Cresswell Motors,
	Crown Street Market, Curlew Ferries, Dalton Pharmacies, Dovecote Bakery, Driftwood Surf, Eastmoor Water, Elmhurst Opticians, Everly Jewellers,
	Fairfield Council, Falconer Security, Foxglove Florists, Gable End Estates, Garnet Energy, Glasshouse Gallery, Goldfinch Savings,
	Granary Kitchens, Greyfriars Museum, Hallam Sports, Harrow & Pike, Hawthorn Care Homes, Heron Wealth, Highmoor Brewing, Hollybush Farm Shops,
	Ironbridge Cycles, Ivy House Hotels, Kingfisher Swim Schools, Lantern Charity, Linden Furniture, Lowther Air, Magpie Textiles, Mallard Boats,
	Maple Row Dental, Meadowbank Golf, Millstone Bakers, Moorland Wool, Nettle & Co, Northgate Arena, Oriel Windows, Otter Valley Dairy,
	Parkside Physio, Pebble Skincare, Pennine Broadband, Peregrine Couriers, Pinecroft Lodges, Quayside Seafood, Ravensworth Law,
	Redwood Removals, Ridgeway Housing, Rookery Records, Rosewood Salons, Sable Interiors, Saltmarsh Spa, Silverline Taxis, Skylark Childcare,
	Sparrow Stationery, St Anselm University, Stonebridge Concrete, Swallowtail Weddings, Tamarind Restaurants, Thistle Whisky, Tidewater Marine,
	Topaz Telecom, Umber Paints, Velvet Mill Events, Wexcombe Radio, Yarrow Health`)
}

func underMeridian() []string {
	return split(`Atelier Moreau, Bäckerei Sonnenfeld, Cafés do Tejo, Casa Olivar, Dansk Cykelhus, Fjordline Charter, Galerie Nord, Hotel Bellavista,
	Klinik am See, Librería Cervantes, Maison Verdier, Nordlys Energi, Ottica Romana, Piekarnia Złota, Quinta das Flores, Radio Lumière, Wiener Werkstoff`)
}

func underSadeem() []string {
	return split(`Al Noor Clinics, Dana Pearl Jewellery, Desert Rose Hotels, Gulf Stationery, مجموعة النخيل, مكتبة الواحة, Oasis Motors, Rimal Logistics, Zahra Foods`)
}

// slug is a name as a part of an address: ASCII letters and digits, dots between the words when sep is ".".
func slug(s, sep string) string {
	s = strings.NewReplacer("ı", "i", "ø", "o", "Ø", "o", "ł", "l", "Ł", "l", "đ", "d", "ß", "ss", "æ", "ae").Replace(s)
	var b strings.Builder
	gap := false
	for _, r := range norm.NFD.String(strings.ToLower(s)) {
		switch {
		case r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			if gap && b.Len() > 0 {
				b.WriteString(sep)
			}
			gap = false
			b.WriteRune(r)
		case unicode.IsSpace(r):
			gap = true
		}
	}
	return b.String()
}
