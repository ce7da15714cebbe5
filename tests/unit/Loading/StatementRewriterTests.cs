using System.Text;
using Jumpbag.Core;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Loading;

namespace Jumpbag.Tests.Unit.Loading;

public sealed class StatementRewriterTests
{
    [Theory]
    [InlineData(StatementKind.CreateTable, "CREATE TABLE `orders` (`orders` INT COMMENT 'orders', CONSTRAINT `c` FOREIGN KEY (`orders`) REFERENCES `orders` (`id`), KEY `orders` (`orders`))",
        "CREATE TABLE `new` (`orders` INT COMMENT 'orders', CONSTRAINT `c_new` FOREIGN KEY (`orders`) REFERENCES `new` (`id`), KEY `orders` (`orders`))")]
    [InlineData(StatementKind.CreateTable, "CREATE TABLE IF NOT EXISTS `shop`.`orders` (`id` INT)", "CREATE TABLE IF NOT EXISTS `shop`.`new` (`id` INT)")]
    [InlineData(StatementKind.Insert, "INSERT INTO `orders` (`orders`) VALUES ('orders','INTO `orders`')", "INSERT INTO `new` (`orders`) VALUES ('orders','INTO `orders`')")]
    [InlineData(StatementKind.Insert, "INSERT INTO `other` VALUES ('orders')", "INSERT INTO `other` VALUES ('orders')")]
    [InlineData(StatementKind.AlterTable, "/*!40000 ALTER TABLE `orders` DISABLE KEYS */", "/*!40000 ALTER TABLE `new` DISABLE KEYS */")]
    [InlineData(StatementKind.CreateView, "CREATE VIEW `v` AS select `orders`.`orders` AS `x` from `orders` join `b`.`orders`", "CREATE VIEW `v` AS select `new`.`orders` AS `x` from `new` join `b`.`orders`")]
    public void a_table_is_renamed_where_sql_has_tables_and_nowhere_else(StatementKind kind, string sql, string expected) =>
        Assert.Equal(expected, Rewrite([("orders", "new")], kind, sql, "orders"));

    [Fact]
    public void a_trigger_of_a_renamed_table_gets_a_name_of_its_own() =>
        Assert.Equal("CREATE TRIGGER `stamp_new` BEFORE INSERT ON `new` FOR EACH ROW INSERT INTO `new` VALUES (NEW.`orders`)",
            Rewrite([("orders", "new")], StatementKind.CreateTrigger, "CREATE TRIGGER `stamp` BEFORE INSERT ON `orders` FOR EACH ROW INSERT INTO `orders` VALUES (NEW.`orders`)", "stamp", "orders"));

    [Theory]
    [InlineData(StatementKind.Use, "USE `shop`", "USE `scratch`")]
    [InlineData(StatementKind.CreateDatabase, "CREATE DATABASE /*!32312 IF NOT EXISTS*/ `shop` /*!40100 DEFAULT CHARACTER SET utf8mb4 */", "CREATE DATABASE /*!32312 IF NOT EXISTS*/ `scratch` /*!40100 DEFAULT CHARACTER SET utf8mb4 */")]
    [InlineData(StatementKind.CreateView, "CREATE VIEW `v` AS select `shop`.`t`.`shop` AS `shop` from `shop`.`t`", "CREATE VIEW `v` AS select `scratch`.`t`.`shop` AS `shop` from `scratch`.`t`")]
    public void a_database_is_renamed_where_it_qualifies_or_is_named(StatementKind kind, string sql, string expected) =>
        Assert.Equal(expected, Rewrite([("shop", "scratch")], kind, sql, "shop"));

    [Theory]
    [InlineData("/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=`a;b`@`%` SQL SECURITY DEFINER */\n/*!50001 VIEW `v` AS select 'DEFINER=x' */", "/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013  SQL SECURITY DEFINER */\n/*!50001 VIEW `v` AS select 'DEFINER=x' */")]
    [InlineData("CREATE DEFINER=CURRENT_USER() VIEW v AS SELECT 1", "CREATE  VIEW v AS SELECT 1")]
    public void definers_are_taken_out(string sql, string expected) => Assert.Equal(expected, Rewrite([], StatementKind.CreateView, sql, "v", dropDefiners: true));

    private static string Rewrite((string, string)[] renames, StatementKind kind, string sql, string name, string? table = null, bool dropDefiners = false)
    {
        var rewriter = new StatementRewriter(renames.Select(rename => (rename.Item1 == "shop" ? new(RenamedType.Database, new(null, ByteString.FromText("shop"))) : RenamedName.Of(rename.Item1, null), rename.Item2)), dropDefiners);
        var shop = ByteString.FromText("shop");
        bool isDatabase = kind is StatementKind.Use or StatementKind.CreateDatabase;
        var statement = new DumpStatement
        {
            Kind = kind,
            Offset = 0,
            Length = sql.Length,
            Line = 1,
            Name = new(isDatabase ? null : shop, ByteString.FromText(name)),
            Table = table is null ? null : new(shop, ByteString.FromText(table)),
            Database = shop,
            Text = Encoding.UTF8.GetBytes(sql),
        };
        return Encoding.UTF8.GetString(rewriter.Rewrite(statement, SessionState.Empty).Text.Span);
    }
}
