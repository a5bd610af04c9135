package main

import (
	"fmt"
	"strings"

	"github.com/sqlstream/sqlstream/builtin"
	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/connectors/format"
)

const connectorIntro = `# Connectors and formats

<!-- Written by "go run ./internal/gendocs" from what the connectors say of themselves. -->

The options of ` + "`CREATE TABLE … WITH (…)`" + `. Names are lower case; ` + "`_`" + ` and ` + "`.`" + ` are the same in them. An unknown name is an
error that suggests the nearest one. A span of time is written as '500 ms', '5s' or '2 minutes'.

A value, or a part of it, may be ` + "`${env:NAME}`" + ` or ` + "`${file:path}`" + `: a variable of the environment, or the content of a file
without its last line's end. Such a reference is kept and shown as it is written, in errors and notices too, and followed whenever the table is opened,
so that secrets stand in no statement and can be exchanged.

`

// connectorPage returns the text of docs/connectors.md.
func connectorPage() string {
	var b strings.Builder
	b.WriteString(connectorIntro)
	for _, c := range builtin.Connectors(nil) {
		fmt.Fprintf(&b, "## %s\n\n%s %s\n\n", c.Name, c.Doc, uses(&c))
		if c.Like != "" {
			fmt.Fprintf(&b, "Options and metadata are those of `%s`.\n\n", c.Like)
			continue
		}
		if c.More != "" {
			b.WriteString(c.More + "\n\n")
		}
		writeOptions(&b, c.Options)
		if len(c.Metadata) > 0 {
			b.WriteString("| metadata | type | |\n|---|---|---|\n")
			for _, m := range c.Metadata {
				fmt.Fprintf(&b, "| `%s` | %s | %s |\n", m.Key, m.Type, m.Doc)
			}
			b.WriteString("\n")
		}
	}
	b.WriteString("# Formats\n\nA table whose connector reads records has a `format`.\n\n")
	writeOptions(&b, format.BadRecordOptions)
	for _, f := range builtin.Formats() {
		fmt.Fprintf(&b, "## %s\n\n%s\n\n", f.Name, f.Doc)
		writeOptions(&b, f.Options)
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func uses(c *connectors.Connector) string {
	var parts []string
	if c.Source != nil {
		parts = append(parts, "It can be read")
	}
	if c.Sink != nil {
		g, kept := c.Guarantee(&connectors.Table{}, false), c.Guarantee(&connectors.Table{}, true)
		text := "It can be written to, " + g.String()
		if kept != g {
			text += ", or with `--dir` " + kept.String()
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ". ") + "."
}

func writeOptions(b *strings.Builder, options []connectors.Option) {
	if len(options) == 0 {
		return
	}
	b.WriteString("| option | default | |\n|---|---|---|\n")
	for _, o := range options {
		name := o.Name
		if o.Prefix {
			name += "…"
		}
		def := o.Default
		if def != "" {
			def = "`" + def + "`"
		}
		doc := o.Doc
		if len(o.Values) > 0 {
			doc += " (`" + strings.Join(o.Values, "`, `") + "`)"
		}
		if o.Secret {
			doc += "; never shown"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", name, def, strings.ReplaceAll(doc, "|", "\\|"))
	}
	b.WriteString("\n")
}
