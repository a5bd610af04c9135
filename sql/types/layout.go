package types

// A Layout says how the values of a type lie in memory. It is what kernels and
// state switch over: there are fewer layouts than types.
type Layout uint8

// The layouts, each the one Arrow uses for the type.
const (
	Bits    Layout = iota // one bit a value, least significant first: BOOLEAN, NULL
	Int8                  // TINYINT
	Int16                 // SMALLINT
	Int32                 // INT, DATE
	Int64                 // BIGINT, TIME, TIMESTAMP
	Uint8                 // TINYINT UNSIGNED
	Uint16                // SMALLINT UNSIGNED
	Uint32                // INT UNSIGNED
	Uint64                // BIGINT UNSIGNED
	Float32               // FLOAT
	Float64               // DOUBLE
	Int128                // DECIMAL: decimal128.Num, the unscaled value; INTERVAL: Months, Micros
	Bytes                 // VARCHAR, BINARY, JSON, and ARRAY, MAP, ROW, encoded: int32 offsets into bytes
)

var layouts = [...]Layout{
	Null: Bits, Boolean: Bits, TinyInt: Int8, SmallInt: Int16, Int: Int32, BigInt: Int64,
	UTinyInt: Uint8, USmallInt: Uint16, UInt: Uint32, UBigInt: Uint64, Float: Float32, Double: Float64,
	Decimal: Int128, Varchar: Bytes, Binary: Bytes, Date: Int32, Time: Int64, Timestamp: Int64,
	Interval: Int128, JSON: Bytes, Array: Bytes, Map: Bytes, Row: Bytes,
}

// Layout returns how values of t lie in memory.
func (t Type) Layout() Layout { return layouts[t.Kind] }

var widths = [...]int{Bits: 0, Int8: 1, Int16: 2, Int32: 4, Int64: 8, Uint8: 1, Uint16: 2, Uint32: 4, Uint64: 8, Float32: 4, Float64: 8, Int128: 16, Bytes: 0}

// Width returns the bytes of one value, 0 where values are bits or of varying
// size.
func (l Layout) Width() int { return widths[l] }
