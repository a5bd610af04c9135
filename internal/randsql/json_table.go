package randsql

import "strings"

// jsonTable makes JSON_TABLE of a document that is made of what stands before it, or of
// constants.
func (g *generator) jsonTable(name string, lateral []column) source {
	part := func() string {
		if len(lateral) > 0 && g.chance(70) {
			return lateral[g.r.IntN(len(lateral))].name
		}
		return g.pick("1", "'2'", "'x'", "NULL", "TRUE", "JSON_ARRAY(3, 'y')")
	}
	cols := []column{{name + ".o", number}, {name + ".v", number}, {name + ".w", text}}
	value := "v BIGINT PATH '$" + g.pick("", "[0]", ".a") + "'" + g.otherwise("ERROR", "5") + g.otherwise("EMPTY", "'6'") + ", w VARCHAR PATH '$'"
	if g.chance(50) {
		doc := "JSON_ARRAY(" + part() + ", " + part() + ")"
		return source{text: "JSON_TABLE(" + doc + ", '$" + g.pick("[*]", "[1 to last]", "**[0]") + "' COLUMNS (o FOR ORDINALITY, " + value + ")) AS " + name, cols: cols, plain: true}
	}
	doc := "JSON_OBJECT('a', " + part() + ", 'b', JSON_ARRAY(" + strings.Join([]string{part(), part()}, ", ") + "))"
	nested := "NESTED PATH '$." + g.pick("b[*]", "b[last]", "c[*]", "*") + "' COLUMNS (" + value + ")"
	return source{text: "JSON_TABLE(" + doc + ", '$' COLUMNS (o FOR ORDINALITY, " + nested + ", NESTED PATH '$.b[0]' COLUMNS (j JSON PATH '$'))) AS " + name, cols: cols, plain: true}
}

func (g *generator) otherwise(on, value string) string {
	return g.pick("", " NULL ON "+on, " DEFAULT "+value+" ON "+on)
}
