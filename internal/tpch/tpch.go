// Package tpch has the schema, the queries and a generator of the TPC-H benchmark
// (TPC Benchmark H, revision 3.0.1), at any scale. The rows follow the distributions
// that the queries select by, not the published generator byte for byte; orders of the
// queries are closed by keys, so that their LIMITs leave one answer.
package tpch

import (
	"embed"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

//go:embed queries/*.sql
var queries embed.FS

// Query returns the text of a query, 1 to 22.
func Query(n int) string {
	text, err := queries.ReadFile(fmt.Sprintf("queries/q%02d.sql", n))
	if err != nil {
		panic(err)
	}
	return strings.TrimSpace(string(text))
}

// Tables are the tables in an order in which each comes behind those that it refers to.
var Tables = []string{"region", "nation", "supplier", "part", "partsupp", "customer", "orders", "lineitem"}

// Columns are the columns of each table, as a definition lists them.
var Columns = map[string]string{
	"region":   "r_regionkey INT, r_name VARCHAR, r_comment VARCHAR",
	"nation":   "n_nationkey INT, n_name VARCHAR, n_regionkey INT, n_comment VARCHAR",
	"supplier": "s_suppkey INT, s_name VARCHAR, s_address VARCHAR, s_nationkey INT, s_phone VARCHAR, s_acctbal DECIMAL(15,2), s_comment VARCHAR",
	"part":     "p_partkey INT, p_name VARCHAR, p_mfgr VARCHAR, p_brand VARCHAR, p_type VARCHAR, p_size INT, p_container VARCHAR, p_retailprice DECIMAL(15,2), p_comment VARCHAR",
	"partsupp": "ps_partkey INT, ps_suppkey INT, ps_availqty INT, ps_supplycost DECIMAL(15,2), ps_comment VARCHAR",
	"customer": "c_custkey INT, c_name VARCHAR, c_address VARCHAR, c_nationkey INT, c_phone VARCHAR, c_acctbal DECIMAL(15,2), c_mktsegment VARCHAR, c_comment VARCHAR",
	"orders":   "o_orderkey INT, o_custkey INT, o_orderstatus VARCHAR, o_totalprice DECIMAL(15,2), o_orderdate DATE, o_orderpriority VARCHAR, o_clerk VARCHAR, o_shippriority INT, o_comment VARCHAR",
	"lineitem": "l_orderkey INT, l_partkey INT, l_suppkey INT, l_linenumber INT, l_quantity DECIMAL(15,2), l_extendedprice DECIMAL(15,2), l_discount DECIMAL(15,2), l_tax DECIMAL(15,2), l_returnflag VARCHAR, l_linestatus VARCHAR, l_shipdate DATE, l_commitdate DATE, l_receiptdate DATE, l_shipinstruct VARCHAR, l_shipmode VARCHAR, l_comment VARCHAR",
}

// A Database is the rows of each table, values as SQL writes them.
type Database map[string][][]string

var nations = strings.Fields("ALGERIA:0 ARGENTINA:1 BRAZIL:1 CANADA:1 EGYPT:4 ETHIOPIA:0 FRANCE:3 GERMANY:3 INDIA:2 INDONESIA:2 IRAN:4 IRAQ:4 JAPAN:2 JORDAN:4 KENYA:0 MOROCCO:0 MOZAMBIQUE:0 PERU:1 CHINA:2 ROMANIA:3 SAUDI_ARABIA:4 VIETNAM:2 RUSSIA:3 UNITED_KINGDOM:3 UNITED_STATES:1")

var (
	regions    = []string{"AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST"}
	segments   = []string{"AUTOMOBILE", "BUILDING", "FURNITURE", "HOUSEHOLD", "MACHINERY"}
	priorities = []string{"1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED", "5-LOW"}
	modes      = []string{"REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB", "AIR REG"}
	instructs  = []string{"DELIVER IN PERSON", "COLLECT COD", "NONE", "TAKE BACK RETURN"}
	colors     = strings.Fields("almond antique aquamarine azure beige bisque black blanched blue blush brown chartreuse coral cream cyan dark forest gainsboro ghost gold green grey honeydew hot indian ivory khaki lace lavender lemon")
	sizes      = strings.Fields("STANDARD SMALL MEDIUM LARGE ECONOMY PROMO")
	finishes   = strings.Fields("ANODIZED BURNISHED PLATED POLISHED BRUSHED")
	metals     = strings.Fields("TIN NICKEL BRASS STEEL COPPER")
	boxes      = strings.Fields("SM LG MED JUMBO WRAP")
	shapes     = strings.Fields("CASE BOX BAG JAR PKG PACK CAN DRUM")
	words      = strings.Fields("carefully special quickly final requests ironic deposits pending packages regular accounts Customer slyly Complaints furiously express theodolites bold")
)

// A generator draws the rows.
type generator struct {
	*rand.Rand
	out Database
}

// Generate returns a database of a scale: 1 is about 8.7 million rows. The same seed
// gives the same rows.
func Generate(scale float64, seed uint64) Database {
	g := &generator{rand.New(rand.NewPCG(seed, 1)), Database{}}
	count := func(n float64) int { return max(1, int(n*scale)) }
	for i, r := range regions {
		g.add("region", i, text(r), g.comment())
	}
	for i, n := range nations {
		name, region, _ := strings.Cut(n, ":")
		g.add("nation", i, text(strings.ReplaceAll(name, "_", " ")), region, g.comment())
	}
	suppliers, parts, customers := count(10_000), count(200_000), count(150_000)
	for i := 1; i <= suppliers; i++ {
		nation := g.IntN(25)
		g.add("supplier", i, text(fmt.Sprintf("Supplier#%09d", i)), g.comment(), nation, g.phone(nation), g.money(-99999, 999999), g.comment())
	}
	for i := 1; i <= parts; i++ {
		g.part(i, suppliers)
	}
	for i := 1; i <= customers; i++ {
		nation := g.IntN(25)
		g.add("customer", i, text(fmt.Sprintf("Customer#%09d", i)), g.comment(), nation, g.phone(nation), g.money(-99999, 999999), text(one(g, segments)), g.comment())
	}
	for i := 1; i <= count(1_500_000); i++ {
		g.order(i, customers, parts, suppliers)
	}
	return g.out
}

func one(g *generator, of []string) string { return of[g.IntN(len(of))] }

func text(s string) string { return "'" + s + "'" }

func (g *generator) add(table string, values ...any) {
	row := make([]string, len(values))
	for i, v := range values {
		row[i] = fmt.Sprint(v)
	}
	g.out[table] = append(g.out[table], row)
}

func (g *generator) comment() string {
	var out []string
	for range 3 + g.IntN(3) {
		out = append(out, one(g, words))
	}
	return text(strings.Join(out, " "))
}

func (g *generator) phone(nation int) string {
	return text(fmt.Sprintf("%d-%03d-%03d-%04d", nation+10, 100+g.IntN(900), 100+g.IntN(900), 1000+g.IntN(9000)))
}

// money draws an amount between two numbers of cents.
func (g *generator) money(low, high int) string { return cents(low + g.IntN(high-low+1)) }

func cents(c int) string {
	sign := ""
	if c < 0 {
		sign, c = "-", -c
	}
	return fmt.Sprintf("%s%d.%02d", sign, c/100, c%100)
}

// supplierOf is one of the four suppliers of a part, spread as the benchmark has them.
func supplierOf(part, n, suppliers int) int {
	return (part+n*(suppliers/4+(part-1)/suppliers))%suppliers + 1
}

func (g *generator) part(i, suppliers int) {
	brand := 1 + g.IntN(5)
	name := one(g, colors) + " " + one(g, colors) + " " + one(g, colors)
	kind := one(g, sizes) + " " + one(g, finishes) + " " + one(g, metals)
	g.add("part", i, text(name), text(fmt.Sprintf("Manufacturer#%d", brand)), text(fmt.Sprintf("Brand#%d%d", brand, 1+g.IntN(5))), text(kind),
		1+g.IntN(50), text(one(g, boxes)+" "+one(g, shapes)), cents(price(i)), g.comment())
	for n := range 4 {
		g.add("partsupp", i, supplierOf(i, n, suppliers), 1+g.IntN(9999), g.money(100, 100000), g.comment())
	}
}

// price is the retail price of a part in cents.
func price(part int) int { return 90000 + part/10%20001 + 100*(part%1000) }

var (
	start   = time.Date(1992, 1, 1, 0, 0, 0, 0, time.UTC)
	current = time.Date(1995, 6, 17, 0, 0, 0, 0, time.UTC)
)

func date(t time.Time) string { return "DATE '" + t.Format(time.DateOnly) + "'" }

// order draws an order and its lines. A third of the customers has none.
func (g *generator) order(i, customers, parts, suppliers int) {
	customer := 1 + g.IntN(customers)
	for customer%3 == 0 && customers > 3 {
		customer = 1 + g.IntN(customers)
	}
	day := start.AddDate(0, 0, g.IntN(2406))
	total, open := 0, 0
	lines := 1 + g.IntN(7)
	for line := 1; line <= lines; line++ {
		amount, shipped := g.line(i, line, day, parts, suppliers)
		if total += amount; !shipped {
			open++
		}
	}
	status := "P"
	switch open {
	case 0:
		status = "F"
	case lines:
		status = "O"
	}
	g.add("orders", i, customer, text(status), cents(total), date(day), text(one(g, priorities)), text(fmt.Sprintf("Clerk#%09d", 1+g.IntN(1000))), 0, g.comment())
}

func (g *generator) line(order, line int, day time.Time, parts, suppliers int) (amount int, shipped bool) {
	part, quantity := 1+g.IntN(parts), 1+g.IntN(50)
	ship := day.AddDate(0, 0, 1+g.IntN(121))
	receipt := ship.AddDate(0, 0, 1+g.IntN(30))
	flag, status := "N", "O"
	if !receipt.After(current) {
		flag = one(g, []string{"R", "A"})
	}
	if shipped = !ship.After(current); shipped {
		status = "F"
	}
	amount = quantity * price(part)
	g.add("lineitem", order, part, supplierOf(part, g.IntN(4), suppliers), line, fmt.Sprintf("%d.00", quantity), cents(amount), cents(g.IntN(11)), cents(g.IntN(9)),
		text(flag), text(status), date(ship), date(day.AddDate(0, 0, 30+g.IntN(61))), date(receipt), text(one(g, instructs)), text(one(g, modes)), g.comment())
	return amount, shipped
}
