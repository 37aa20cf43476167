/**
 * Places by UN/LOCODE, made from the UNECE list (subset of geoapify/un-locode, MIT licence). The list has no time zones; they were added here.
 *
 * One line: `country zone: code name; code name`. A star after the country says that it has several zones, so
 * that an unlisted place there has none; without it the zone holds for every place of the country.
 */
export const PLACES_TEXT = `
AE Asia/Dubai: DWC Dubai World Central Apt; DXB Dubai; JEA Jebel Ali; KLF Khor al Fakkan
AR America/Argentina/Buenos_Aires: BUE Buenos Aires
AT Europe/Vienna: VIE Wien
AU* Australia/Brisbane: BNE Brisbane
AU* Australia/Melbourne: MEL Melbourne
AU* Australia/Sydney: SYD Sydney
BD Asia/Dhaka: BNP Benapole; CGP Chattogram
BE Europe/Brussels: ANR Antwerpen; BRU Bruxelles (Brussel); LGG Liege
BG Europe/Sofia: GJE Gyueshevo; KAN Kapitan-Andreevo
BH Asia/Bahrain: JDF Jidhafs; KBS Khalifa Bin Salman Port; KFC King Fahed Causeway
BR* America/Sao_Paulo: GRU Guarulhos Apt / Sao Paulo; ITJ Itajai; PNG Paranagua; SSZ Santos;
BR* America/Sao_Paulo: VCP Viracopos Apt / Campinas
BY Europe/Minsk: BQT Brest
CA* America/Winnipeg: EME Emerson
CA* America/Halifax: HAL Halifax
CA* America/Toronto: MTR Montreal; SNI Sarnia; WND Windsor; YYZ Pearson International Apt/Toronto
CA* America/Vancouver: OYS Osoyoos; VAN Vancouver
CD* Africa/Lubumbashi: KAS Kasumbalesa
CH Europe/Zurich: ZRH Zurich
CI Africa/Abidjan: ABJ Abidjan
CL* America/Santiago: JAM Paso Jama/San Pedro de Atacama;
CL* America/Santiago: LIB Paso Cristo Redentor-Los Libertadores/Los Andes; SAI San Antonio
CN Asia/Shanghai: CAN Guangzhou Baiyun International Apt; CGO Zhengzhou Xinzheng International Apt;
CN Asia/Shanghai: DAL Dalian; DDZ Dandong; DOX Dongxing; ERC Erlianhaote; GGZ Guangzhou; HRS Horgos;
CN Asia/Shanghai: LHS Laohushao; MLX Manzhouli; NBG Ningbo Pt; NSA Nansha Pt;
CN Asia/Shanghai: PEK Beijing Shoudu International Apt; PVG Shanghai Pudong International Apt; QDG Qingdao Pt;
CN Asia/Shanghai: SHA Shanghai Hongqiao International Apt; SHG Shanghai Pt; SHK Shekou Pt;
CN Asia/Shanghai: SZX Shenzhen Baoan International Apt; TXG Tianjin Xingang Pt; XAM Xiamen; YSN Yangshan;
CN Asia/Shanghai: YTN Yantian
CO America/Bogota: BOG Bogota; CTG Cartagena
CY Asia/Nicosia: LMS Limassol
CZ Europe/Prague: LZH Lanzhot
DE Europe/Berlin: BRV Bremerhaven; CGN Koln; FRA Frankfurt am Main; HAM Hamburg; LEJ Leipzig;
DE Europe/Berlin: WVN Wilhelmshaven
DJ Africa/Djibouti: JIB Djibouti
DK Europe/Copenhagen: AAR Aarhus
DO America/Santo_Domingo: CAU Caucedo
EC* America/Guayaquil: GYE Guayaquil
EE Europe/Tallinn: LHM Luhamaa; NAR Narva; TLL Tallinn
EG Africa/Cairo: ALY El Iskandariya (Alexandria); CAI El Qahira (Cairo); PSD Port Said
ES* Europe/Madrid: ALG Algeciras; BCN Barcelona; MAD Madrid; VLC Valencia
ET Africa/Addis_Ababa: ADD Addis Ababa
FI Europe/Helsinki: HEL Helsinki (Helsingfors); KTK Kotka; NII Niirala; VAT Vantaa (Vanda); VLA Vaalimaa
FR Europe/Paris: CDG Charles-de-Gaulle Apt/Paris; CQF Calais; CQS Coquelles; FOS Fos-sur-Mer; LEH Le Havre;
FR Europe/Paris: MRS Marseille; PAR Paris
GB Europe/London: BEL Belfast; DVR Dover; EMA East Midlands Apt; FOL Folkestone; FXT Felixstowe;
GB Europe/London: IMM Immingham; LGP London Gateway Port; LHR Heathrow Apt/London; LIV Liverpool;
GB Europe/London: SOU Southampton; STN Stansted Apt/London
GH Africa/Accra: TEM Tema
GR Europe/Athens: KKV Kakavia; PIR Piraeus; SKG Thessaloniki
HK Asia/Hong_Kong: HKG Hong Kong
HR Europe/Zagreb: BAT Batina; RJK Rijeka; VUK Vukovar
HU Europe/Budapest: ROS Roszke; ZAH Zahony
ID* Asia/Jakarta: JKT Jakarta, Java; SUB Surabaya; TPP Tanjung Priok
IE Europe/Dublin: DUB Dublin; ROS Rosslare Harbour
IL Asia/Jerusalem: ASH Ashdod; HFA Haifa
IN Asia/Kolkata: ATR Attari Road; ATT Attari; BLR Bangalore; BOM Mumbai (ex Bombay); COK Cochin; DEL Delhi;
IN Asia/Kolkata: MAA Chennai (ex Madras); MUN Mundra; NSA Nhava Sheva (Jawaharlal Nehru);
IN Asia/Kolkata: PTP Petrapole Road; RXL Raxaul
IR Asia/Tehran: DJU Jolfa
IT Europe/Rome: GIT Gioia Tauro; GOA Genova; MXP Malpensa Apt/Milano; SPE La Spezia; TRS Trieste
JO Asia/Amman: AQJ Al 'Aqabah; IHS Sheikh Hussein Bridge
JP Asia/Tokyo: HND Haneda Apt/Tokyo; KIX Kansai Int Apt; NGO Nagoya, Aichi; NRT Narita Apt/Tokyo; TYO Tokyo;
JP Asia/Tokyo: UKB Kobe; YOK Yokohama
KE Africa/Nairobi: MAL Malaba; MBA Mombasa; NBO Nairobi
KR Asia/Seoul: ICN Incheon Intl Apt/Seoul; INC Incheon; PMJ Panmoonjeom; PUS Busan
KZ* Asia/Almaty: DOS Dosytk; HOR Horgos
LA Asia/Vientiane: VTE Vientiane
LB Asia/Beirut: BEY Beirut
LK Asia/Colombo: CMB Colombo
LT Europe/Vilnius: KLJ Klaipeda; KYB Kybartai; MDK Medininkai
LU Europe/Luxembourg: LUX Luxembourg
LV Europe/Riga: TER Terehova
MA Africa/Casablanca: CAS Casablanca; PTM Tanger Med
MK Europe/Skopje: TBN Tabanovce
MM Asia/Yangon: MWD Myawadi
MT Europe/Malta: MAR Marsaxlokk
MX* America/Ciudad_Juarez: CJS Ciudad Juarez
MX* America/Mexico_City: LZC Lazaro Cardenas; MEX Ciudad de Mexico; QRO Queretaro; VER Veracruz;
MX* America/Mexico_City: ZLO Manzanillo
MX* America/Matamoros: NLD Nuevo Laredo
MX* America/Hermosillo: NOG Nogales
MX* America/Tijuana: TIJ Tijuana
MY Asia/Kuala_Lumpur: KUL Kuala Lumpur; PGU Pasir Gudang, Johor; PKG Port Klang (Pelabuhan Klang);
MY Asia/Kuala_Lumpur: TPP Tanjung Pelepas
NG Africa/Lagos: APP Apapa; LOS Lagos
NL Europe/Amsterdam: AMS Amsterdam; HZK Hazeldonk; RTM Rotterdam
NO Europe/Oslo: OSL Oslo; SVD Svinesund
NP Asia/Kathmandu: BRG Birgunj
NZ* Pacific/Auckland: AKL Auckland
OM Asia/Muscat: SOH Sohar
PA America/Panama: BLB Balboa; ONX Colon
PE America/Lima: CLL Callao
PH Asia/Manila: MNL Manila
PK Asia/Karachi: BQM Muhammad Bin Qasim/Karachi; CMN Chaman; KHI Karachi; TOR Torkham; WGH Wagah
PL Europe/Warsaw: DOR Dorohusk; GDN Gdansk; GDY Gdynia; KOR Koroszczyn; KUB Kuznica Bialostocka; MED Medyka;
PL Europe/Warsaw: TER Terespol; WAW Warszawa
PT* Europe/Lisbon: LIS Lisboa; SIE Sines
QA Asia/Qatar: DOH Doha; HMD Hamad
RO Europe/Bucharest: CND Constanta; GRG Giurgiu
SA Asia/Riyadh: DMM Ad Dammam; JED Jeddah; RUH Riyadh
SE Europe/Stockholm: ARN Arlanda Apt/Stockholm; GOT Goteborg; SVI Svinesund
SG Asia/Singapore: SIN Singapore
SI Europe/Ljubljana: DOB Dobova; KOP Koper
TH Asia/Bangkok: BKK Bangkok; LCH Laem Chabang
TR Europe/Istanbul: AMB Ambarli; AMR Ambarli; IST Istanbul; IZM Izmir; KPU Kapikule; MER Mersin
TW Asia/Taipei: KEL Keelung (Chilung); KHH Kaohsiung; TPE Taipei
TZ Africa/Dar_es_Salaam: DAR Dar es Salaam
UA* Europe/Kyiv: COP Chop; ODS Odesa
UG Africa/Kampala: MAL Malaba
US* America/Los_Angeles: ACF Sumas; CXL Calexico; LAX Los Angeles; LGB Long Beach; OAK Oakland;
US* America/Los_Angeles: OYM Otay Mesa; SEA Seattle; SYO San Ysidro; TIW Tacoma
US* America/Anchorage: ANC Anchorage
US* America/New_York: ATL Atlanta; BAL Baltimore; BUF Buffalo; CHS Charleston; CVG Cincinnati; EWR Newark;
US* America/New_York: HUL Houlton; JAX Jacksonville; JFK John F. Kennedy Apt/New York; MIA Miami;
US* America/New_York: BOS Boston; NYC New York; ORF Norfolk; PEF Port Everglades; PHL Philadelphia;
US* America/New_York: SAV Savannah; SYR Syracuse; TPA Tampa
US* America/Chicago: CHI Chicago; DAL Dallas; DFW Dallas-Fort Worth Int Apt; EGP Eagle Pass; HOU Houston;
US* America/Chicago: LRD Laredo; MEM Memphis; MSY New Orleans; ORD O'Hare Apt/Chicago; PMB Pembina;
US* America/Chicago: PQT Portal; WOQ Woodridge
US* America/Detroit: DET Detroit; PHN Port Huron
US* America/Denver: ELP El Paso; SWG Sweet Grass
US* America/Indiana/Indianapolis: IND Indianapolis
US* America/Kentucky/Louisville: LUI Louisville
UY America/Montevideo: MVD Montevideo; RVY Rivera
VN Asia/Ho_Chi_Minh: CMT Cai Mep International Terminal; HAN Hanoi; HPH Haiphong; SGN Ho Chi Minh City
ZA Africa/Johannesburg: BBR Beit Bridge; CPT Cape Town; DUR Durban; JNB Johannesburg
ZW Africa/Harare: BBG Beitbridge
AL Europe/Tirane:
AM Asia/Yerevan:
AO Africa/Luanda:
AZ Asia/Baku:
BA Europe/Sarajevo:
BN Asia/Brunei:
BO America/La_Paz:
BS America/Nassau:
CM Africa/Douala:
CR America/Costa_Rica:
DZ Africa/Algiers:
GE Asia/Tbilisi:
GT America/Guatemala:
HN America/Tegucigalpa:
IQ Asia/Baghdad:
IS Atlantic/Reykjavik:
JM America/Jamaica:
KH Asia/Phnom_Penh:
KW Asia/Kuwait:
MD Europe/Chisinau:
ME Europe/Podgorica:
MO Asia/Macau:
MU Indian/Mauritius:
MZ Africa/Maputo:
NA Africa/Windhoek:
NI America/Managua:
PR America/Puerto_Rico:
PY America/Asuncion:
RS Europe/Belgrade:
SK Europe/Bratislava:
SN Africa/Dakar:
SV America/El_Salvador:
TN Africa/Tunis:
TT America/Port_of_Spain:
VE America/Caracas:
ZM Africa/Lusaka:`;

/**
 * Codes that are used in practice for a place whose entry is another one, so that the two are one place here: Shanghai's port is CNSHG,
 * and carriers write CNSHA (in the list an airport); the like of Ningbo, Qingdao, Tianjin, Xiamen, Dalian and Nhava Sheva; Tanjung Priok is Jakarta's port.
 */
export const PLACE_ALIASES: Readonly<Record<string, string>> = {
  CNSHA: 'CNSHG',
  CNNGB: 'CNNBG',
  CNTAO: 'CNQDG',
  CNTSN: 'CNTXG',
  CNXMN: 'CNXAM',
  CNDLC: 'CNDAL',
  INJNP: 'INNSA',
  IDTPP: 'IDJKT',
};

/** Airports whose IATA code is the last three letters of their UN/LOCODE. */
const SAME_AS_IATA =
  'AEDWC AEDXB ATVIE AUBNE AUMEL AUSYD BEANR BEBRU BELGG BRGRU BRVCP CAYYZ CHZRH CNCAN CNCGO CNPEK CNPVG CNSZX COBOG DECGN DEFRA DEHAM DELEJ EGCAI ' +
  'ESBCN ESMAD ESVLC ETADD FRCDG FRMRS GBEMA GBLHR GBSOU GBSTN HKHKG IEDUB INBLR INBOM INCOK INDEL INMAA ITGOA ITMXP JPHND JPKIX JPNGO JPNRT KENBO ' +
  'KRICN KRPUS LBBEY LKCMB LULUX MXMEX MXQRO MYKUL NGLOS NLAMS NOOSL NZAKL PHMNL PKKHI PLWAW PTLIS QADOH SADMM SAJED SARUH SEARN SEGOT SGSIN THBKK ' +
  'TRIST TWKHH TWTPE USANC USATL USBOS USCHS USCVG USDFW USELP USEWR USHOU USIND USJFK USLAX USMEM USMIA USMSY USOAK USORD USORF USPHL USSAV USSEA ' +
  'USTPA VNHAN VNSGN ZACPT ZADUR ZAJNB';

/** IATA code of an airport → its UN/LOCODE. */
export const AIRPORTS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(SAME_AS_IATA.split(' ').map((unlocode) => [unlocode.slice(2), unlocode])),
  BFS: 'GBBEL',
  DLC: 'CNDAL',
  LPL: 'GBLIV',
  // Hongqiao: the only meaning of the three letters that is no port.
  SHA: 'CNSHG',
  SDF: 'USLUI',
  XMN: 'CNXAM',
  YHZ: 'CAHAL',
  YUL: 'CAMTR',
  YVR: 'CAVAN',
};
