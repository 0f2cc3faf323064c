"""Comparisons with constants in the statements that MySQL 9.7 and MariaDB 11.8 have written into note 1003."""

from __future__ import annotations

import pytest

from dbtune.planner.mysql.constant_conditions import constant_conditions

MYSQL = r"""/* select#1 */ select `o`.`id` AS `id` from `shop`.`orders` `o` left join `shop`.`order_items` `i`
 on(((`i`.`product_id` = 5) and (`i`.`order_id` = `shop`.`payments`.`order_id`))) semi join (`shop`.`payments`)
 where ((`o`.`id` = `shop`.`payments`.`order_id`) and (`shop`.`payments`.`state` = 'failed')
 and (`o`.`placed_at` between '2026-01-01' and '2026-02-01') and ((`o`.`status` = 'x') or (`o`.`status` = 'y'))
 and (`o`.`coupon_code` is null) and (`o`.`status` like 'de%')
 and (`shop`.`payments`.`created_at` > <cache>((now() - interval 3 day)))) group by `o`.`id` order by `o`.`id`"""

MARIADB = r"""/* select#1 */ select `shop`.`p`.`id` from `shop`.`product_tags` `t` join `shop`.`products` `p`
 where `shop`.`p`.`id` = `shop`.`t`.`product_id` and `shop`.`t`.`tag` = 't377' and `shop`.`p`.`x` in (1,2)
 and left(`shop`.`p`.`name`,3) = 'abc' and `shop`.`p`.`y` >= 3
 and !exists(/* select#2 */ select 1 from `shop`.`z` where `shop`.`z`.`a` = 'it''s (and'
 and (`shop`.`z`.`b` > 3 or `shop`.`z`.`b` < 1) limit 1) order by 1"""

MATERIALISED = r"""/* select#1 */ select `shop`.`c`.`id` AS `id` from `shop`.`customers` `c` where
 `shop`.`c`.`marketing` = 1 and `shop`.`c`.`country` = 'SE' and !<expr_cache><`shop`.`c`.`id`>(<in_optimizer>(
`shop`.`c`.`id`,`shop`.`c`.`id` in ( <materialize> (/* select#2 */ select `shop`.`o`.`customer_id` from `shop`.`orders`
 `o` where `shop`.`o`.`placed_at` >= '2026-01-01' ), <primary_index_lookup>(`shop`.`c`.`id` in <temporary table> on
 distinct_key where `shop`.`c`.`id` = `<subquery2>`.`customer_id`))))"""


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        pytest.param(
            MYSQL,
            {
                ("i", "product_id"): ["`i`.`product_id` = 5"],
                ("payments", "state"): ["`shop`.`payments`.`state` = 'failed'"],
                ("o", "placed_at"): ["`o`.`placed_at` between '2026-01-01' and '2026-02-01'"],
                ("o", "coupon_code"): ["`o`.`coupon_code` is null"],
                ("o", "status"): ["`o`.`status` like 'de%'"],
                ("payments", "created_at"): ["`shop`.`payments`.`created_at` > ((now() - interval 3 day))"],
            },
            id="mysql",
        ),
        pytest.param(
            MARIADB,
            {
                ("z", "a"): ["`shop`.`z`.`a` = 'it''s (and'"],
                ("t", "tag"): ["`shop`.`t`.`tag` = 't377'"],
                ("p", "x"): ["`shop`.`p`.`x` in (1,2)"],
                ("p", "y"): ["`shop`.`p`.`y` >= 3"],
            },
            id="mariadb",
        ),
        pytest.param(
            MATERIALISED,
            {
                ("o", "placed_at"): ["`shop`.`o`.`placed_at` >= '2026-01-01'"],
                ("c", "marketing"): ["`shop`.`c`.`marketing` = 1"],
                ("c", "country"): ["`shop`.`c`.`country` = 'SE'"],
            },
            id="materialised by mariadb",
        ),
        pytest.param("select 1 from `t` where (`t`.`a` like '%x')", {}, id="no range serves it"),
        pytest.param("select 1 from `t` where (`t`.`a` > `t`.`b`)", {}, id="no constant"),
        pytest.param("select 1 from `t` where (`t`.`a` = rand())", {}, id="another value for each row"),
        pytest.param("select 1 from `t` left join `u` on((`t`.`a` = 5)) where true", {}, id="of the other side of ON"),
        pytest.param("", {}, id="nothing"),
    ],
)
def test_constant_conditions(note: str, expected: dict[tuple[str, str], list[str]]) -> None:
    assert constant_conditions(note) == expected
