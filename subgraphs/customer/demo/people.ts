/** Names, streets and towns of some countries. The streets of a town are made up. */

/** A country that demo customers come from. */
export interface Country {
  code: string;
  dial: string;
  /** `12 Rue …` or `…straße 12`. */
  numberFirst: boolean;
  given: readonly string[];
  family: readonly string[];
  streets: readonly string[];
  /** Town, a postal code of it, and its region where addresses have one. */
  cities: readonly (readonly [city: string, postcode: string, region?: string])[];
}

export const COUNTRIES: readonly Country[] = [
  {
    code: 'DE',
    dial: '+49 30',
    numberFirst: false,
    given: ['Anna', 'Jonas', 'Lena', 'Felix', 'Mia', 'Paul', 'Sophie', 'Emre', 'Katharina', 'Björn'],
    family: ['Müller', 'Schneider', 'Weber', 'Yılmaz', 'Hoffmann', 'Krüger', 'Vogel', 'Groß', 'Lindner'],
    streets: ['Gartenstraße', 'Bahnhofstraße', 'Lindenweg', 'Schulstraße', 'Am Markt', 'Mühlenweg'],
    cities: [
      ['Berlin', '10115'],
      ['Hamburg', '20095'],
      ['Leipzig', '04109'],
      ['Köln', '50667'],
      ['Freiburg', '79098'],
    ],
  },
  {
    code: 'FR',
    dial: '+33 1',
    numberFirst: true,
    given: ['Camille', 'Louis', 'Chloé', 'Hugo', 'Inès', 'Mathis', 'Zoé', 'Amina', 'Étienne'],
    family: ['Martin', 'Bernard', 'Dubois', 'Lefèvre', 'Moreau', 'Benali', 'Girard', 'Rousseau'],
    streets: ['Rue des Lilas', 'Avenue du Parc', 'Rue du Moulin', 'Rue de la Gare', "Place de l'Église"],
    cities: [
      ['Paris', '75011'],
      ['Lyon', '69003'],
      ['Nantes', '44000'],
      ['Lille', '59000'],
      ['Toulouse', '31000'],
    ],
  },
  {
    code: 'GB',
    dial: '+44 20',
    numberFirst: true,
    given: ['Olivia', 'Harry', 'Amelia', 'Noah', 'Priya', 'George', 'Isla', 'Kwame', 'Freya'],
    family: ['Smith', 'Taylor', 'Patel', 'Evans', 'Wilson', 'Okafor', 'Hughes', 'Campbell'],
    streets: ['Church Lane', 'Mill Road', 'Station Road', 'Orchard Close', 'High Street', 'Park View'],
    cities: [
      ['London', 'E8 3PQ'],
      ['Leeds', 'LS1 4DL'],
      ['Bristol', 'BS1 5TR'],
      ['Glasgow', 'G2 4JR'],
      ['Cardiff', 'CF10 1EP'],
    ],
  },
  {
    code: 'US',
    dial: '+1 212',
    numberFirst: true,
    given: ['Emily', 'James', 'Sofia', 'Liam', 'Ava', 'Ethan', 'Maya', 'Carlos', 'Grace'],
    family: ['Johnson', 'Garcia', 'Brown', 'Nguyen', 'Davis', 'Kim', 'Martinez', 'Clark'],
    streets: ['Maple Avenue', 'Oak Street', 'Cedar Lane', 'Lakeview Drive', 'Washington Street'],
    cities: [
      ['Portland', '97205', 'OR'],
      ['Austin', '78701', 'TX'],
      ['Brooklyn', '11201', 'NY'],
      ['Denver', '80202', 'CO'],
    ],
  },
  {
    code: 'JP',
    dial: '+81 3',
    numberFirst: false,
    given: ['Yui', 'Haruto', 'Sakura', 'Ren', 'Aoi', 'Kenji', 'Hina', 'Daichi'],
    family: ['Sato', 'Suzuki', 'Takahashi', 'Tanaka', 'Watanabe', 'Ito', 'Kobayashi'],
    streets: ['Sakuragaoka', 'Midori-cho', 'Honmachi', 'Nishi-dori', 'Higashiyama'],
    cities: [
      ['Shibuya-ku', '150-0002', 'Tokyo'],
      ['Kita-ku', '530-0001', 'Osaka'],
      ['Naka-ku', '460-0008', 'Aichi'],
    ],
  },
  {
    code: 'KW',
    dial: '+965 2',
    numberFirst: false,
    given: ['Fatima', 'Ahmad', 'Noura', 'Yousef', 'Maryam', 'Khaled', 'Dalal'],
    family: ['Al-Hamdan', 'Al-Mutairi', 'Al-Rashidi', 'Al-Enezi', 'Al-Ajmi', 'Al-Kandari'],
    streets: ['Block 3, Street', 'Block 7, Street', 'Gulf Road', 'Block 1, Avenue'],
    cities: [
      ['Kuwait City', '13001'],
      ['Salmiya', '22001'],
      ['Hawalli', '32001'],
    ],
  },
  {
    code: 'PL',
    dial: '+48 22',
    numberFirst: false,
    given: ['Zofia', 'Jakub', 'Maja', 'Antoni', 'Łucja', 'Michał', 'Ola'],
    family: ['Nowak', 'Kowalski', 'Wiśniewska', 'Zieliński', 'Lewandowska', 'Mazur'],
    streets: ['ul. Lipowa', 'ul. Ogrodowa', 'ul. Szkolna', 'ul. Polna', 'ul. Słoneczna'],
    cities: [
      ['Warszawa', '00-001'],
      ['Kraków', '30-001'],
      ['Gdańsk', '80-001'],
      ['Wrocław', '50-001'],
    ],
  },
  {
    code: 'IT',
    dial: '+39 06',
    numberFirst: false,
    given: ['Giulia', 'Matteo', 'Chiara', 'Lorenzo', 'Elena', 'Davide', 'Nicolò'],
    family: ['Rossi', 'Bianchi', 'Ferrari', 'Esposito', 'Romano', 'Greco', 'Conti'],
    streets: ['Via dei Fiori', 'Via Garibaldi', 'Corso Italia', 'Via della Fonte', 'Piazza del Sole'],
    cities: [
      ['Roma', '00184', 'RM'],
      ['Milano', '20121', 'MI'],
      ['Bologna', '40121', 'BO'],
      ['Torino', '10121', 'TO'],
    ],
  },
];
