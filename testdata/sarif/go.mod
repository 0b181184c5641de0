// Its own module, so that the library that knows the schema of SARIF is in nobody's way.
module github.com/gatebook/gatebook/testdata/sarif

go 1.26.0

require (
	github.com/gatebook/gatebook v0.0.0
	github.com/owenrumney/go-sarif/v3 v3.3.1
	github.com/xeipuuv/gojsonschema v1.2.0
)

require (
	github.com/agext/levenshtein v1.2.3 // indirect
	github.com/clipperhouse/displaywidth v0.10.0 // indirect
	github.com/clipperhouse/uax29/v2 v2.6.0 // indirect
	github.com/xeipuuv/gojsonpointer v0.0.0-20180127040702-4e3ac2762d5f // indirect
	github.com/xeipuuv/gojsonreference v0.0.0-20180127040603-bd5ef7bd5415 // indirect
)

replace github.com/gatebook/gatebook => ../..
