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

// throughJSON puts a value into a document and takes it out again.
func (g *generator) throughJSON(k kind, name string) string {
	doc, path := "JSON_ARRAY("+name+")", g.pick("$[0]", "$[last]", "$[1]")
	if g.chance(50) {
		doc, path = "JSON_OBJECT('k', "+name+")", g.pick("$.k", `$."k"`, "$.k[0]", "$.x")
	}
	switch k {
	case number:
		return "JSON_VALUE(" + doc + ", '" + path + "' RETURNING BIGINT" + g.otherwise("EMPTY", "3") + ")"
	case text:
		return "JSON_VALUE(" + doc + ", '" + path + "')"
	case real:
		return "JSON_VALUE(" + doc + ", '" + path + "' RETURNING DOUBLE" + g.otherwise("EMPTY", "0.5") + ")"
	}
	return name
}

// comparedJSON compares documents, or a value with one.
func (g *generator) comparedJSON(k kind, cols, outer []column) string {
	value := func(k kind) string { return g.value(k, cols, 0, outer) }
	switch k { // what JSON is not compared with
	case moment:
		k = text
	case list, record:
		k = number
	}
	op := g.pick(" = ", " <> ", " < ", " >= ", " <=> ")
	switch g.r.IntN(4) {
	case 0:
		return value(k) + " MEMBER OF (JSON_ARRAY(" + value(k) + ", " + g.literal(k) + "))"
	case 1:
		return "JSON_EXTRACT(JSON_ARRAY(" + value(k) + ", " + value(text) + "), '$[0]')" + op + value(k)
	case 2:
		return "JSON_OBJECT('a', " + value(k) + ", 'b', " + value(text) + ")" + op + "JSON_OBJECT('b', " + value(text) + ", 'a', " + value(k) + ")"
	}
	return "JSON_ARRAY(" + value(k) + ", " + value(text) + ")" + op + "JSON_ARRAY(" + value(k) + ", " + value(number) + ")"
}
