package main

import "github.com/sqlstream/sqlstream/sql/function"

// A form is something of the language that readers look for among the functions.
type form struct {
	name, doc string
	examples  []function.Example
}

var forms = []form{
	{"CASE, IF", "A value by condition. Conditions are tested in order, and only the branch that is taken is computed.", []function.Example{
		{Expr: "CASE WHEN 1 > 2 THEN 'a' WHEN 2 > 1 THEN 'b' ELSE 'c' END", Value: "b"},
		{Expr: "CASE 3 WHEN 1 THEN 'one' WHEN 3 THEN 'three' END", Value: "three"},
		{Expr: "if(NULL, 1, 2)", Value: "2"},
	}},
	{"COALESCE, IFNULL, NVL", "The first argument that is not NULL.", []function.Example{
		{Expr: "coalesce(NULL, NULL, '글')", Value: "글"},
		{Expr: "ifnull(NULL, 0)", Value: "0"},
		{Expr: "nvl(NULL, 1.50)", Value: "1.50"},
	}},
	{"NULLIF", "NULL where the arguments are equal, else the first.", []function.Example{
		{Expr: "nullif(5, 0)", Value: "5"},
		{Expr: "nullif('', '')", Value: "NULL"},
	}},
	{"CAST, TRY_CAST, ::", "Conversion to a type. What cannot be converted is an error for CAST and ::, NULL for TRY_CAST.", []function.Example{
		{Expr: "CAST('12.345' AS DECIMAL(6,2))", Value: "12.35"},
		{Expr: "'2026-11-25'::DATE", Value: "2026-11-25"},
		{Expr: "TRY_CAST('한글' AS BIGINT)", Value: "NULL"},
	}},
	{"||", "Joins texts, as concat.", []function.Example{
		{Expr: "'한' || '글'", Value: "한글"},
		{Expr: "'a' || NULL", Value: "NULL"},
	}},
	{"/, DIV, %, MOD", "Quotient as DECIMAL or DOUBLE, whole quotient, remainder. By zero they are NULL.", []function.Example{
		{Expr: "7 / 2", Value: "3.5000"},
		{Expr: "7 DIV 2", Value: "3"},
		{Expr: "mod(-7, 2)", Value: "-1"},
		{Expr: "7 % 0", Value: "NULL"},
	}},
	{"LIKE, ILIKE, REGEXP", "Whether a text fits a pattern: % any text, _ one character; ILIKE ignores letter case; REGEXP searches a regular expression (RE2 syntax).", []function.Example{
		{Expr: "'안녕하세요' LIKE '안_하%'", Value: "true"},
		{Expr: "'ABC' ILIKE 'a%'", Value: "true"},
		{Expr: "'tweet 42' REGEXP '[0-9]+$'", Value: "true"},
	}},
	{"+ INTERVAL, DATE_ADD, DATE_SUB, ADDDATE, SUBDATE", "A time later or earlier, by as many units as a number or an expression says. A DATE plus whole days stays one. ADDDATE and SUBDATE take days without a unit, too.", []function.Example{
		{Expr: "DATE '2026-01-31' + INTERVAL 1 MONTH", Value: "2026-02-28"},
		{Expr: "date_add('2026-11-25 10:20:30', INTERVAL 90 MINUTE)", Value: "2026-11-25 11:50:30"},
		{Expr: "date_sub(DATE '2026-11-25', INTERVAL 1 DAY)", Value: "2026-11-24"},
		{Expr: "TIMESTAMP '2026-11-25 10:20:30' + INTERVAL '1 2:30' DAY TO MINUTE", Value: "2026-11-26 12:50:30"},
		{Expr: "adddate('2026-11-25', year('0003-01-01'))", Value: "2026-11-28"},
		{Expr: "TIME '23:00:00' + INTERVAL 2 HOUR", Value: "25:00:00"},
	}},
	{"EXTRACT", "A part of a date or time: EXTRACT(YEAR FROM t) is year(t), and so on. Units of several parts put their digits behind each other.", []function.Example{
		{Expr: "EXTRACT(YEAR_MONTH FROM DATE '2026-11-25')", Value: "202611"},
		{Expr: "EXTRACT(YEAR FROM DATE '2026-11-25')", Value: "2026"},
		{Expr: "EXTRACT(MINUTE FROM TIMESTAMP '2026-11-25 10:20:30')", Value: "20"},
	}},
}
