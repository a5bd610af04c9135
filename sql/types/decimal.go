package types

import "github.com/apache/arrow/go/v17/arrow/decimal128"

// A DecimalValue is the unscaled 128-bit value of a DECIMAL: 1.50 at scale 2 is 150.
type DecimalValue = decimal128.Num
