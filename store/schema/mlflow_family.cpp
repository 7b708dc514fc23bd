#include "store/schema/mlflow_family.h"

#include "mlflow_revisions_txt.h"
#include "mysql_schema_sql.h"
#include "postgresql_schema_sql.h"
#include "sqlite_schema_sql.h"
#include "store/schema/recorded_text.h"

namespace millrace {

const SchemaFamily& mlflow_family() {
  static const SchemaFamily family{
      .name = "MLflow",
      .release = "MLflow 3.17.2",
      .upgrade = "mlflow db upgrade",
      .version_table = "alembic_version",
      .unfinished_table = "millrace_unfinished_schema",
      .revisions = parse_revisions(mlflow_revisions_txt),
      .sqlite = sqlite_schema_sql,
      .mysql = mysql_schema_sql,
      .postgresql = postgresql_schema_sql,
  };
  return family;
}

const SchemaFamilies& known_families() {
  static const SchemaFamilies families{&mlflow_family()};
  return families;
}

}  // namespace millrace
