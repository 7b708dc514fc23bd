"""The search language of logged models against MLflow's own parser of it."""

from mlflow.exceptions import MlflowException
from mlflow.store.tracking.dbmodels.models import SqlLoggedModel
from mlflow.utils.search_logged_model_utils import EntityType, parse_filter_string

from support.run_search_cases import run_filters
from support.search_cases import filters
from support.search_cross_check import ask

COLUMNS = {column.key for column in SqlLoggedModel.__table__.columns}
# What a type of MLflow's filters of runs is called in those of logged models.
PREFIXES = {"metric.": "metrics.", "param.": "params.", "tag.": "tags.", "attribute.": "attributes.",
            "attr.": "attributes.", "start_time": "creation_timestamp", "run_id": "source_run_id"}


def words_of_value(comparison):
    value = comparison.value
    if isinstance(value, tuple | list):
        plain = [item for item in value if isinstance(item, str | int | float | None)
                 and not (isinstance(item, int) and abs(item) > 2**63)]
        more = ["and more"] if len(plain) < len(value) else []
        return ["list", *(str(int(item) if isinstance(item, bool) else item) for item in plain), *more]
    if comparison.entity.is_numeric():
        return ["float", repr(value)]
    return ["text", value] if isinstance(value, str) else ["single", str(value)]


def expected(text):
    """What MLflow makes of a filter; None where only its SQL layer or Python's compiler could tell."""
    try:
        parsed = parse_filter_string(text)
    except MlflowException as error:
        return error.error_code, error.message
    except (SyntaxError, MemoryError, RecursionError):
        return None
    except ValueError as error:
        return ("INTERNAL_ERROR", str(error)) if "to float" in str(error) else None
    words = []
    for comparison in parsed:
        entity = comparison.entity
        if entity.type == EntityType.ATTRIBUTE and entity.key not in COLUMNS:
            if hasattr(SqlLoggedModel, entity.key):
                return None
            return "INTERNAL_ERROR", f"type object 'SqlLoggedModel' has no attribute '{entity.key}'"
        value = words_of_value(comparison)
        if value[0] == "single":
            return None
        words += [entity.type.value, entity.key, comparison.op, *value]
    return "ok", words


def spelt_for_models(text):
    for prefix, other in PREFIXES.items():
        text = text.replace(prefix, other)
    return text


def test_filters():
    texts = list(filters(seed=6, count=4000)) + [
        spelt_for_models(text) for text in run_filters(seed=7, count=4000)]
    wrong, compared, accepted = [], 0, 0
    for text, mine in zip(texts, ask("model_filter", [[text] for text in texts]), strict=True):
        theirs = expected(text)
        if theirs is None:
            assert mine[0] in ("ok", "INVALID_PARAMETER_VALUE", "INTERNAL_ERROR", "BAD_REQUEST")
            continue
        compared += 1
        accepted += theirs[0] == "ok"
        if mine != theirs:
            wrong.append((text, mine, theirs))
    assert wrong[:5] == []
    assert compared > 5000 and accepted > 500
